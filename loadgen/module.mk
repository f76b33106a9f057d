# loadgen/: plays load plans.
loadgen_OBJS := $(patsubst %.c,$(B)/%.o,$(sort $(filter-out loadgen/main.c,$(wildcard loadgen/*.c))))
LOADGEN_A := $(B)/lib/libloadgen.a
$(LOADGEN_A): $(loadgen_OBJS)

LOADGEN := $(B)/bin/loadgen
ifneq (,$(wildcard loadgen/main.c))
$(LOADGEN): $(B)/loadgen/main.o $(LOADGEN_A) $(COMMON_A)
ALL += $(LOADGEN)
endif
