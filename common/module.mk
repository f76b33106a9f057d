# common/: what two or more parts share. Depends on libc and zlib only.
common_OBJS := $(patsubst %.c,$(B)/%.o,$(sort $(filter-out $(if $(CORE),%/gzip.c),$(wildcard common/*.c))))
COMMON_A := $(B)/lib/libcommon.a
$(COMMON_A): $(common_OBJS)
