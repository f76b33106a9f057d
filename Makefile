# Flamekit: one graph, no recursion. Bare `make` prints help.
# Each folder's module.mk only adds objects, programs and tests to this graph.
# Objects go to build/<mode>/<path>.o, so modes live side by side.

.DEFAULT_GOAL := help
.SECONDARY:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
ifeq (0 ,$(MAKELEVEL) $(filter -j%,$(MAKEFLAGS)))
MAKEFLAGS += -j$(shell nproc)
endif
SHELL := /bin/sh

MODE ?= release
B    := build/$(MODE)
MODULES := common agent server cli demoapp loadgen tests

# ---- compilers and flags, one row a mode -----------------------------------
CC_release := gcc
CC_debug   := gcc
CC_asan    := gcc
CC_tsan    := gcc
CC_fuzz    := clang
OPT_release := -O2 -g -fno-omit-frame-pointer
OPT_debug   := -O0 -g3 -fno-omit-frame-pointer
OPT_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -DFK_SANITIZED
OPT_tsan    := -O1 -g -fno-omit-frame-pointer -fsanitize=thread -DFK_SANITIZED
OPT_fuzz    := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -DFK_SANITIZED
# The agent's core alone, which needs no foreign library: for another
# processor, for another C library, and without a loader.
CORE_MODES := arm64 musl static
CC_arm64   := aarch64-linux-gnu-gcc
CC_musl    := musl-gcc
CC_static  := gcc
OPT_arm64  := $(OPT_release) -mbranch-protection=standard
OPT_musl   := $(OPT_release)
OPT_static := $(OPT_release)
CC   := $(CC_$(MODE))
OPT  := $(OPT_$(MODE))
CORE := $(filter $(CORE_MODES),$(MODE))
ifeq ($(OPT),)
$(error MODE=$(MODE) is unknown; use release, debug, asan, tsan, fuzz, $(CORE_MODES))
endif
ifneq (,$(CORE))
MODULES := common agent tests
endif

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wold-style-definition -Wwrite-strings -Wcast-qual -Wpointer-arith \
        -Wvla -Wformat=2 -Wundef -Wimplicit-fallthrough
ifneq (,$(findstring gcc,$(CC)))
WARN += -Wduplicated-cond -Wlogical-op
endif
ifdef CI
WARN += -Werror
endif
VERSION := $(shell cat VERSION)
CPPFLAGS := -I. -D_GNU_SOURCE -DFK_VERSION='"$(VERSION)"'
# Everything is position independent, because common/ is part of
# libflamekit.so; the thread-local model keeps __tls_get_addr, which may
# allocate, out of the signal path.
CFLAGS := -std=c17 $(OPT) $(WARN) -fPIC -fvisibility=hidden \
          -ftls-model=initial-exec -MMD -MP
LDFLAGS := $(filter -fsanitize%,$(OPT)) $(filter -static,-$(MODE)) \
           -Wl,--as-needed -pthread

# ---- foreign libraries, asked once ----------------------------------------
# package:Debian package. A missing one is named before anything is compiled.
FOREIGN := libmicrohttpd:libmicrohttpd-dev libcurl:libcurl4-openssl-dev \
           sqlite3:libsqlite3-dev zlib:zlib1g-dev libzstd:libzstd-dev \
           jansson:libjansson-dev
ifneq (,$(CORE))
CPPFLAGS += -DFK_CORE
FOREIGN :=
FOREIGN_CFLAGS :=
FOREIGN_LIBS :=
else
PKGS := $(foreach f,$(FOREIGN),$(firstword $(subst :, ,$(f))))
FOREIGN_CFLAGS = $(eval FOREIGN_CFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(FOREIGN_CFLAGS)
FOREIGN_LIBS   = $(eval FOREIGN_LIBS := $$(shell pkg-config --libs $(PKGS)))$(FOREIGN_LIBS)
endif

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' '$(1)' '$(2)')

ALL :=
.SECONDEXPANSION:
include $(MODULES:%=%/module.mk)

# ---- how things are made -----------------------------------------------------
$(B)/.needs: Makefile
	@mkdir -p $(B)
	@sh scenarios/install.sh $(if $(filter up restart check,$(MAKECMDGOALS)),run,verify $(FOREIGN))
	@touch $@

# Flags of a folder: CFLAGS_<first path component>.
folder = $(firstword $(subst /, ,$(1)))
$(B)/%.o: %.c | $(B)/.needs
	@mkdir -p $(@D)
	$(call say,cc,$<)
	$(Q)$(CC) $(CPPFLAGS) $(FOREIGN_CFLAGS) $(CFLAGS) $(CFLAGS_$(call folder,$<)) $(CFLAGS_$(subst /,_,$*)) -c -o $@ $<

$(B)/%.o: %.S | $(B)/.needs
	@mkdir -p $(@D)
	$(call say,as,$<)
	$(Q)$(CC) $(CPPFLAGS) -g -c -o $@ $<

$(B)/lib/%.a:
	@mkdir -p $(@D)
	$(call say,ar,$@)
	$(Q)rm -f $@ && ar qcs $@ $(filter %.o,$^)

$(B)/bin/%:
	@mkdir -p $(@D)
	$(call say,ld,$@)
	$(Q)$(CC) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDFLAGS) $(LDFLAGS_$*) $(FOREIGN_LIBS) -lm -ldl

-include $(shell test -d $(B) && find $(B) -name '*.d')

# ---- verbs ----------------------------------------------------------------------
.PHONY: all help clean up down status load restart reset doctor next hint list \
        bundle calibrate check check-long asan tsan fuzz bench fmt lint install-tools install

help:
	@sed -n 's/^#? \{0,1\}//p' Makefile

#? Flamekit: a continuous-profiling workshop
#?
#?   make doctor   can this machine run the workshop?
#?   make up       start everything, print the address of the page
#?   make load     send traffic          (make load ARGS="--for 30s", ARGS=stop)
#?   make next     the next exercise     make hint   one step of help
#?   make check EX=1   is exercise 1 solved?
#?   make status   what runs             make restart   stop and start again
#?   make down     stop everything       make reset     forget data and progress
#?   make restart ARGS=app FEATURE=fast_primes      another version of the demo
#?   make restart ARGS=app BUILD=stripped           app: see scenarios/07-*
#?   make up ENGINE=docker   the same verbs in containers
#?   make bundle   one archive for machines without a network
#?
#? for developers
#?   make all      all programs -> build/release/bin      (MODE=debug asan tsan)
#?   make MODE=arm64 core-tests   the agent's core elsewhere: arm64 musl static
#?   make check    every test, ends with "N passed, N failed, N skipped"
#?   make check-long   what takes longer than ten minutes
#?   make check-interop   real clients of five languages against the server
#?   make install  programs, library, manual, systemd unit   (PREFIX=, DESTDIR=)
#?   make calibrate    does this machine tell the reference's story?
#?   make asan tsan fuzz lint fmt bench      (T=60 seconds a fuzzer, BENCH=name)

all: $(ALL)

# The kit's own verbs are those of the `flamekit` program.
ifeq ($(ENGINE),docker)
COMPOSE := $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
KIT = $(COMPOSE) run --rm kit
EVERY = $(COMPOSE) --profile tools --profile grafana
export APP_PROGRAM := demoapp$(if $(BUILD),-$(BUILD))
up:
	@$(COMPOSE) up -d --build server demoapp
	@echo "In the exercises, \`flamekit\` is: $(KIT)"
	@echo "Next: open http://localhost:4040   then: make next ENGINE=docker"
down:
	@$(EVERY) down
reset:
	@$(EVERY) down -v
# What shares the network of a container that goes must go as well.
restart:
	@$(EVERY) rm -sf night loadgen $(if $(filter app,$(ARGS)),,server) demoapp
	@$(COMPOSE) up -d $(if $(filter app,$(ARGS)),,server) demoapp
status:
	@$(EVERY) ps
load:
	@$(COMPOSE) run --rm loadgen --plan mixed --target http://127.0.0.1:5000 --server http://server:4040 --run r-compose $(ARGS)
next hint list:
	@$(KIT) $@ $(ARGS)
doctor:
	@docker version >/dev/null && $(COMPOSE) version
else
up doctor load next hint list restart: all
	@build/release/bin/flamekit $@ $(ARGS)

down status reset:
	@test -x build/release/bin/flamekit || { echo "nothing is built: make up"; exit 1; }
	@build/release/bin/flamekit $@ $(if $(filter reset,$@),$(EX))
endif

calibrate: all
	@build/release/bin/demoapp --calibrate

bundle: all builds
	@sh scenarios/cross.sh
	@sh scenarios/bundle.sh

bench: build-tests
	@sh tests/bench/run.sh $(BENCH)

# DESTDIR is for packages. Manual pages are made of what --help prints.
PREFIX ?= /usr/local
INSTALLED := flamekit flamekit-server flamekit-perf loadgen demoapp
TO = $(DESTDIR)$(PREFIX)
install: all
	install -d $(TO)/bin $(TO)/lib/systemd/system $(TO)/include $(TO)/share/man/man1
	install $(INSTALLED:%=$(B)/bin/%) $(TO)/bin
	install -m 644 $(wildcard $(B)/lib/libflamekit*.a $(B)/lib/libflamekit*.so) $(TO)/lib
	install -m 644 agent/flamekit.h $(TO)/include
	sed 's|@PREFIX@|$(PREFIX)|' server/flamekit-server.service.in >$(TO)/lib/systemd/system/flamekit-server.service
	for p in $(INSTALLED); do sh common/man.sh $(B)/bin/$$p >$(TO)/share/man/man1/$$p.1; done

# tests/module.mk has the rest.
check-interop: all

clean:
	rm -rf build

fmt:
	clang-format -i $$(git ls-files '*.c' '*.h')
