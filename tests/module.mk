# tests/: every tests/unit/test_X.c is one TAP program; integration stories
# are shell, the page's tests are JavaScript. tests/run.sh adds them up.
tap_OBJS := $(B)/tests/tap.o
LIBS_A = $(SERVER_A) $(CLI_A) $(LOADGEN_A) $(DEMOAPP_A) $(AGENT_A) $(COMMON_A)

UNIT := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/unit/test_*.c)))
# Helpers of integration tests: programs that misbehave on purpose, clients.
TOOLS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/integration/*.c tests/bench/*.c)))
FUZZERS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

$(UNIT): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(tap_OBJS) $$(LIBS_A)
$(TOOLS): $(B)/tests/%: $(B)/tests/%.o $$(LIBS_A)
$(FUZZERS): $(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $$(LIBS_A)
# What several tests of one thing share.
$(filter $(B)/tests/unit/test_store%,$(UNIT)): $(B)/tests/store_fixture.o
agent_FIXTURE := $(B)/tests/fakeserver.o $(B)/tests/received.o
$(filter $(B)/tests/unit/test_agent%,$(UNIT)): $(agent_FIXTURE)
$(UNIT) $(TOOLS):
	$(call say,ld,$@)
	$(Q)$(CC) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS) $(LDFLAGS_$(subst /,_,$(@:$(B)/%=%))) $(FOREIGN_LIBS) -lm -ldl
$(FUZZERS):
	$(call say,ld,$@)
	$(Q)$(CC) -fsanitize=fuzzer -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS) $(FOREIGN_LIBS) -lm -ldl

.PHONY: build-tests unit
build-tests: all $(UNIT) $(TOOLS)

unit: $(UNIT)
	@prove --exec '' $(UNIT)
