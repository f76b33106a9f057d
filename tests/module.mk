# tests/: every tests/unit/test_X.c is one TAP program; integration stories
# are shell, the page's tests are JavaScript. tests/run.sh adds them up.
tap_OBJS := $(B)/tests/tap.o
LIBS_A = $(SERVER_A) $(CLI_A) $(LOADGEN_A) $(DEMOAPP_A) $(AGENT_A) $(COMMON_A)

# Tests of the agent's core, run by tests/integration/46_core.t and
# tests/long/40_core.t; those that are left out need what a C library has not.
CORE_UNIT_static := agent_env agent_labels agent_registry agent_stacktab cfi \
                    pprof_write rust watch
CORE_UNIT_musl   := $(CORE_UNIT_static) symbols
CORE_UNIT_arm64  := $(CORE_UNIT_musl) agent_storm objects unwind
CORE_UNIT        := $(CORE_UNIT_$(MODE))
UNIT := $(patsubst %.c,$(B)/%,$(if $(CORE),$(CORE_UNIT:%=tests/unit/test_%.c),$(sort $(wildcard tests/unit/test_*.c))))
# Helpers of integration tests: programs that misbehave on purpose, clients.
TOOLS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/integration/*.c tests/bench/*.c)))
FUZZERS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

$(UNIT): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(tap_OBJS) $$(LIBS_A)
$(TOOLS): $(B)/tests/%: $(B)/tests/%.o $$(LIBS_A)
$(B)/tests/core/smoke: $(B)/tests/core/smoke.o $$(LIBS_A)
$(B)/tests/bench/wall: $(B)/tests/blocking.o
$(B)/tests/bench/overhead: $(B)/tests/bench_toggle.o $(B)/tests/bench_estimate.o $(B)/tests/bench_profilers.o
# The agent in a server without frame pointers, its handler timed.
CFLAGS_tests_bench_agent := -fomit-frame-pointer
LDFLAGS_tests_bench_agent := -Wl,--wrap=fk_handler_on_signal
$(patsubst %,$(B)/tests/bench/%,ingest_store store_levels store_live server): $(B)/tests/bench_world.o
$(patsubst %,$(B)/tests/bench/%,ingest_store store_levels store_live): $(B)/tests/bench_store.o
$(FUZZERS): $(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $$(LIBS_A)
# What several tests of one thing share.
$(filter $(B)/tests/unit/test_store% $(B)/tests/unit/test_query% $(B)/tests/unit/test_spans,$(UNIT)): $(B)/tests/store_fixture.o
$(patsubst %,$(B)/tests/unit/test_store_%,seal seal_files groups tries power): $(B)/tests/store_clock.o
$(B)/tests/unit/test_store_power: $(B)/tests/cut_vfs.o
$(B)/tests/unit/test_strip: $$(strip_OBJS)
$(B)/tests/unit/test_engine: $(B)/tests/scripted.o
$(patsubst %,$(B)/tests/%,unit/test_perf fuzz/fuzz_perf_ring fuzz/replay_perf_ring): $$(perf_OBJS)
agent_FIXTURE := $(B)/tests/fakeserver.o
ifeq (,$(CORE))
agent_FIXTURE += $(B)/tests/received.o $(B)/tests/agent_host.o $(B)/tests/blocking.o
endif
$(filter $(B)/tests/unit/test_agent%,$(UNIT)): $(agent_FIXTURE)
# These link the hooks, and the agent whose own calls go past them.
ifeq (,$(findstring -fsanitize,$(OPT)))
$(patsubst %,$(B)/tests/%,unit/test_agent_heap unit/test_agent_locks bench/heap bench/locks): $(own_OBJS) $(hooks_OBJS)
endif
# The storm has a thread that throws, where there is a C++ compiler.
storm_TEST := $(B)/tests/unit/test_agent_storm
CXX := $(if $(CORE),$(CC:%gcc=%g++),g++)
ifneq (,$(shell command -v $(CXX)))
$(storm_TEST): $(B)/tests/storm/throw.o
LDFLAGS_tests_unit_test_agent_storm := -lstdc++
$(B)/tests/storm/throw.o: tests/storm/throw.cpp | $(B)/.needs
	@mkdir -p $(@D)
	$(call say,cxx,$<)
	$(Q)$(CXX) $(OPT) -Wall -Wextra -c -o $@ $<
endif
ifeq (,$(findstring -fsanitize,$(OPT)))
LDFLAGS_tests_unit_test_agent_storm += -Wl,--wrap=pthread_mutex_lock
endif
$(UNIT) $(TOOLS) $(B)/tests/core/smoke:
	$(call say,ld,$@)
	$(Q)$(CC) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS) $(LDFLAGS_$(subst /,_,$(@:$(B)/%=%))) $(FOREIGN_LIBS) -lm -ldl
$(FUZZERS):
	$(call say,ld,$@)
	$(Q)$(CC) -fsanitize=fuzzer -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS) $(FOREIGN_LIBS) -lm -ldl

# The same targets without libFuzzer, for the corpora in `make check`.
REPLAYS := $(FUZZERS:$(B)/tests/fuzz/fuzz_%=$(B)/tests/fuzz/replay_%)
$(REPLAYS): $(B)/tests/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $$(LIBS_A)
	$(call say,ld,$@)
	$(Q)$(CC) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS) $(FOREIGN_LIBS) -lm -ldl

# What moves a server's clock, in tests/long.
CLOCK_STEP := $(B)/tests/long/clock_step.so
$(CLOCK_STEP): $(B)/tests/long/clock_step.o
	$(call say,ld,$@)
	$(Q)$(CC) -shared -o $@ $< $(LDFLAGS)

.PHONY: build-tests core-tests core-list unit fuzzers tidy
build-tests: all $(if $(filter release,$(MODE)),builds) $(UNIT) $(TOOLS) $(REPLAYS) $(CLOCK_STEP)
core-tests: $(UNIT) $(B)/tests/core/smoke
core-list:
	@echo $(CORE_UNIT)
fuzzers: $(FUZZERS)

unit: $(UNIT)
	@prove --exec '' $(UNIT)

# A verb that needs another build calls make again.
AGAIN = +$(MAKE) --no-print-directory -s

ifdef EX
check: $(if $(filter docker,$(ENGINE)),,all)
	@$(or $(KIT),build/release/bin/flamekit) check $(EX)
else
check check-long:
	@sh scenarios/install.sh $(if $(filter check-long,$@),long,test)
	@sh tests/ui/install.sh || test -z "$(CI)"
	@$(AGAIN) build-tests
	@sh tests/run.sh $(if $(filter check-long,$@),unit fuzz lint stories ui long)
endif

.PHONY: check-interop
check-interop:
	@sh tests/interop/run.sh

# A stamp follows its object, which follows the headers.
TIDY := $(patsubst %.c,$(B)/%.tidy,$(sort $(wildcard $(MODULES:%=%/*.c))))
tidy: $(TIDY)
$(TIDY): $(B)/%.tidy: %.c $(B)/%.o .clang-tidy
	$(call say,tidy,$<)
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $< -- $(CPPFLAGS) $(FOREIGN_CFLAGS) -std=c17 2>$@.err || { cat $@.err; rm $@.err; exit 1; }
	@mv $@.err $@

lint:
	@$(AGAIN) build-tests
	@sh tests/run.sh lint

# Programs as they are shipped are what integration stories start, so the
# release build is there as well.
asan tsan:
	@$(AGAIN) all
	@$(AGAIN) MODE=$@ build-tests
	@FK_BUILD=build/$@ sh tests/run.sh unit fuzz integration

# Pictures of every page in every theme, for the documents and for eyes.
.PHONY: screenshots
screenshots:
	@sh tests/ui/install.sh
	@node tests/ui/screenshots.js

T ?= 60
fuzz:
	@$(AGAIN) MODE=fuzz fuzzers
	@sh tests/fuzz/run.sh $(T)
