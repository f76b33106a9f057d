# cli/: the `flamekit` program.
cli_OBJS := $(patsubst %.c,$(B)/%.o,$(sort $(filter-out cli/main.c,$(wildcard cli/*.c))))
CLI_A := $(B)/lib/libcli.a
$(CLI_A): $(cli_OBJS)

CLI := $(B)/bin/flamekit
ifneq (,$(wildcard cli/main.c))
$(CLI): $(B)/cli/main.o $(CLI_A) $(COMMON_A)
ALL += $(CLI)
endif
