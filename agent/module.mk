# agent/: the profiler inside another program.
# libflamekit.{a,so} carry common/ with them: a host links one library.
agent_OBJS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/*.c)))
AGENT_A := $(B)/lib/libflamekit.a
$(AGENT_A): $(agent_OBJS) $(common_OBJS)

AGENT_SO := $(B)/lib/libflamekit.so
$(AGENT_SO): $(agent_OBJS) $(common_OBJS)
	@mkdir -p $(@D)
	$(call say,ld,$@)
	$(Q)$(CC) -shared -o $@ $^ $(LDFLAGS) -Wl,-z,now -Wl,-soname,libflamekit.so -lcurl -lz -ldl

ALL += $(AGENT_A) $(AGENT_SO)
