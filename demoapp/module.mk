# demoapp/: the instrumented service. Sibling calls stay calls, so that the
# frames students look for are on the stack.
CFLAGS_demoapp := -fno-optimize-sibling-calls
demoapp_OBJS := $(patsubst %.c,$(B)/%.o,$(sort $(filter-out demoapp/main.c,$(wildcard demoapp/*.c))))
DEMOAPP_A := $(B)/lib/libdemoapp.a
$(DEMOAPP_A): $(demoapp_OBJS)

DEMOAPP := $(B)/bin/demoapp
ifneq (,$(wildcard demoapp/main.c))
$(DEMOAPP): $(B)/demoapp/main.o $(DEMOAPP_A) $(AGENT_A)
ALL += $(DEMOAPP)
endif
