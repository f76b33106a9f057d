# agent/: the profiler inside another program.
# libflamekit.{a,so} carry common/ with them: a host links one library.
# Its core writes files; it has nobody to push with. Lines of functions need
# the headers of libdw; the library itself is loaded when it is needed.
agent_INSTEAD := $(if $(CORE),push lines,$(if $(shell pkg-config --exists libdw || echo no),lines))
ifeq (lines,$(agent_INSTEAD))
$(info agent: profiles name functions without lines, for libdw-dev is not installed)
endif
agent_SOURCES := $(filter-out $(agent_INSTEAD:%=agent/%.c),$(wildcard agent/*.c)) $(agent_INSTEAD:%=agent/core/no_%.c)
agent_OBJS := $(patsubst %.c,$(B)/%.o,$(sort $(agent_SOURCES)))
AGENT_A := $(B)/lib/libflamekit.a
$(AGENT_A): $(agent_OBJS) $(common_OBJS)

ifeq (,$(CORE))
AGENT_SO := $(B)/lib/libflamekit.so
# The archive, so that only what the agent calls comes along.
$(AGENT_SO): $(agent_OBJS) $(COMMON_A)
	@mkdir -p $(@D)
	$(call say,ld,$@)
	$(Q)$(CC) -shared -o $@ $^ $(LDFLAGS) -Wl,-z,now,-z,nodelete -Wl,-soname,libflamekit.so -lcurl -lz -ldl

# The preload form. The agent's own calls go past what the library puts in
# front of the host's: its objects call the functions under other names.
# libcurl and zlib live in a library of their own, loaded when needed.
OWN_CALLS := pthread_create pthread_mutex_lock pthread_mutex_clocklock sigaction
CFLAGS_agent_preload_malloc := -fno-builtin
preload_OBJS := $(patsubst %.c,$(B)/%.o,$(sort $(filter-out %/late_calls.c,$(wildcard agent/preload/*.c))))
own_OBJS := $(patsubst $(B)/agent/%,$(B)/agent/own/%,$(filter-out $(B)/agent/push.o,$(agent_OBJS)))
$(own_OBJS): $(B)/agent/own/%.o: $(B)/agent/%.o
	@mkdir -p $(@D)
	$(Q)$(OBJCOPY) $(foreach f,$(OWN_CALLS),--redefine-sym $(f)=fk_real_$(f)) $< $@

PUSH_SO := $(B)/lib/libflamekit_push.so
late_OBJS := $(B)/agent/push.o $(B)/agent/preload/late_calls.o
$(PUSH_SO): $(late_OBJS) $(COMMON_A)
	@mkdir -p $(@D)
	$(call say,ld,$@)
	$(Q)$(CC) -shared -o $@ $^ $(LDFLAGS) -Wl,-z,now,-z,nodelete -lcurl -lz

# The same for a program that links the agent and wants its heap and locks
# profiled: link this one in place of libflamekit.a, with -lcurl -lz.
HOOKS_A := $(B)/lib/libflamekit_hooks.a
hooks_OBJS := $(patsubst %,$(B)/agent/preload/%.o,last malloc locks signals thread)
$(HOOKS_A): $(own_OBJS) $(B)/agent/push.o $(hooks_OBJS) $(common_OBJS)

PRELOAD_SO := $(B)/lib/libflamekit_preload.so
$(PRELOAD_SO): $(own_OBJS) $(preload_OBJS) $(COMMON_A) | $(PUSH_SO)
	@mkdir -p $(@D)
	$(call say,ld,$@)
	$(Q)$(CC) -shared -o $@ $^ $(LDFLAGS) -Wl,-z,now,-z,nodelete,-z,defs -Wl,-soname,libflamekit_preload.so -ldl

# The profiler from outside.
PERF := $(B)/bin/flamekit-perf
perf_OBJS := $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c,$(sort $(wildcard agent/perf/*.c))))
$(PERF): $(B)/agent/perf/main.o $(perf_OBJS) $(AGENT_A) $(COMMON_A)
ALL += $(PERF)
endif

# A handler that still runs must not lose its code: the library stays loaded
# once it was. What runs in a handler lives on the host's stack.
ifneq (,$(findstring gcc,$(CC)))
ifeq (,$(findstring -fsanitize,$(OPT)))
CFLAGS_agent_handler := -Wstack-usage=1024
CFLAGS_agent_stacktab := -Wstack-usage=1024
endif
endif

ALL += $(AGENT_A) $(AGENT_SO)
ifeq (,$(CORE)$(findstring -fsanitize,$(OPT))) # their runtimes want to be first
ALL += $(PRELOAD_SO) $(HOOKS_A)
endif

# What tests are compiled with, in any mode but for its processor.
TARGET_CC := $(if $(CORE),$(CC) $(filter -m%,$(OPT)),gcc)
OBJCOPY := $(if $(filter arm64,$(MODE)),$(CC:%gcc=%objcopy),objcopy)

# The single-step oracle needs frames without frame pointers.
CFLAGS_tests_unit_test_unwind_steps := -fomit-frame-pointer

# One program, seven ways: is the path to the hot function kept whatever the
# compiler did? Sanitized objects do not link into them.
PATH_PROBES := $(patsubst %,$(B)/tests/unit/path-%,gcc-O0 gcc-O1 gcc-O2 gcc-O3 \
               gcc-nopie-O2 gcc-static-O2 \
               $(if $(CORE),,$(if $(shell command -v clang),clang-O2)))
ifneq (,$(filter release debug arm64,$(MODE)))
$(PATH_PROBES): $(B)/tests/unit/path-%: tests/unit/path_probe.c $$(AGENT_A) $$(COMMON_A)
	$(call say,cc,path_probe.c $*)
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(findstring clang,$*),clang,$(TARGET_CC)) -std=c17 -g -$(lastword $(subst -, ,$*)) \
	  -fomit-frame-pointer $(if $(findstring nopie,$*),-fno-pie -no-pie) $(if $(findstring static,$*),-static) $(CPPFLAGS) -o $@ $(filter-out %.h,$^) $(LDFLAGS) -ldl
build-tests core-tests $(B)/tests/unit/test_unwind: $(PATH_PROBES)
endif

# Libraries that tests load, strip and replace; a and b have equal layouts.
PLUGINS := $(patsubst %,$(B)/tests/unit/plugin-%.so,a b stripped linked)
PLUGIN_a := -DPLUGIN=a -DPLUGIN_ROOM=20
PLUGIN_b := -DPLUGIN=b -DPLUGIN_ROOM=28
PLUGIN_linked := -DPLUGIN=l -DPLUGIN_ROOM=20 -g
PLUGIN_stripped := -DPLUGIN=s -DPLUGIN_ROOM=20 -s
$(PLUGINS): $(B)/tests/unit/plugin-%.so: tests/unit/plugin.c
	@mkdir -p $(@D)
	$(call say,ld,$@)
	$(Q)$(TARGET_CC) -std=c17 -O2 -fPIC -shared -Wl,--build-id $(PLUGIN_$*) -o $@ $<
	$(Q)$(if $(filter linked,$*),$(OBJCOPY) --only-keep-debug $@ $(@D)/linked.debug && \
	  $(OBJCOPY) --strip-all $@ && $(OBJCOPY) --add-gnu-debuglink=$(@D)/linked.debug $@)
$(B)/tests/unit/test_objects $(B)/tests/unit/test_symbols: | $(PLUGINS)
