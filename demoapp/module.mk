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

# BUILD=NAME: the same service, made so that a profile of it shows less.
# exercises/07.2m-the-missing-frames tells what each hides, and why.
BUILDS := inline tail noframes stripped
BUILD_inline   := -DTEACHING_OFF
BUILD_tail     := -foptimize-sibling-calls
BUILD_noframes := -fomit-frame-pointer -fno-unwind-tables -fno-asynchronous-unwind-tables
ALL += $(patsubst %,$(DEMOAPP)-%,$(filter $(BUILDS),$(BUILD)))
.PHONY: builds
builds: $(BUILDS:%=$(DEMOAPP)-%)

define build # NAME
$(B)/builds/$(1)/%.o: %.c | $(B)/.needs
	@mkdir -p $$(@D)
	$$(call say,cc,$$< ($(1)))
	$$(Q)$$(CC) $$(CPPFLAGS) $$(FOREIGN_CFLAGS) $$(CFLAGS) $$(CFLAGS_demoapp) $$(BUILD_$(1)) -c -o $$@ $$<
$(DEMOAPP)-$(1): $$(patsubst $(B)/%,$(B)/builds/$(1)/%,$(B)/demoapp/main.o $(demoapp_OBJS)) $(AGENT_A)
endef
$(foreach b,$(filter-out stripped,$(BUILDS)),$(eval $(call build,$(b))))
LDFLAGS_demoapp-stripped := -s
$(DEMOAPP)-stripped: $(B)/demoapp/main.o $(DEMOAPP_A) $(AGENT_A)
