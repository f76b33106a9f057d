# server/: HTTP -> ingest -> store -> query -> JSON, with the page inside.
server_OBJS := $(patsubst %.c,$(B)/%.o,$(sort $(filter-out server/main.c,$(wildcard server/*.c))))
SERVER_A := $(B)/lib/libserver.a
$(SERVER_A): $(server_OBJS)

SERVER := $(B)/bin/flamekit-server
ifneq (,$(wildcard server/main.c))
$(SERVER): $(B)/server/main.o $(SERVER_A) $(COMMON_A)
ALL += $(SERVER)
endif
