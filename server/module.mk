# server/: HTTP -> ingest -> store -> query -> JSON, with the page inside.
server_OBJS := $(patsubst %.c,$(B)/%.o,$(sort $(filter-out server/main.c,$(wildcard server/*.c))))
SERVER_A := $(B)/lib/libserver.a
server_PAGE := $(B)/server/page
server_OBJS += $(server_PAGE)/assets_data.o $(server_PAGE)/assets_table.o
$(SERVER_A): $(server_OBJS)

# The page is packed whenever one of its files, or their list, changes. A
# build for another processor has its tools from one for this: HOST_BUILD.
HOST_BUILD ?= $(B)
STRIP := $(HOST_BUILD)/server/strip/strip
strip_OBJS := $(B)/server/strip/strip.o
$(B)/server/strip/strip: $(B)/server/strip/main.o $(strip_OBJS) $(COMMON_A)
	$(call say,ld,$@)
	$(Q)$(CC) -o $@ $^ $(LDFLAGS)
$(server_PAGE)/assets_table.c $(server_PAGE)/assets_data.S &: server/embed.sh server/bundle.sh server/assets.h $(STRIP) $(shell find server/ui 2>/dev/null)
	$(call say,pack,server/ui)
	$(Q)sh server/embed.sh $(server_PAGE) server/ui $(STRIP)
$(server_PAGE)/assets_data.o: $(server_PAGE)/assets_data.S | $(B)/.needs
	$(Q)$(CC) -c -o $@ $<
$(server_PAGE)/assets_table.o: $(server_PAGE)/assets_table.c | $(B)/.needs
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

SERVER := $(B)/bin/flamekit-server
ifneq (,$(wildcard server/main.c))
$(SERVER): $(B)/server/main.o $(SERVER_A) $(COMMON_A)
ALL += $(SERVER)
endif
