# goeswith: one Makefile, explicit sources, variants in build/<variant>/.  `make help` lists the goals.
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

# `make deps check`: what is installed decides how to build, so the other goals get a make of their own.
ifneq ($(filter deps,$(MAKECMDGOALS)),)
REST := $(filter-out deps,$(MAKECMDGOALS))
.PHONY: deps $(REST)
deps:
	@tools/deps.sh $(if $(REST),$(if $(filter-out all demo install,$(REST)),,--build))
	$(if $(REST),@$(MAKE) --no-print-directory $(REST))
$(REST): deps
	@:
else

VERSION := $(shell sed -n 's/^\#define GW_VERSION *"\(.*\)"/\1/p' pos-plugin/base/cli.h)
prefix  ?= /usr/local
bindir  ?= $(prefix)/bin
libdir  ?= $(prefix)/lib
incdir  ?= $(prefix)/include
mandir  ?= $(prefix)/share/man
datadir ?= $(prefix)/share/goeswith
DESTDIR ?=

VARIANT ?= release
B   := build/$(VARIANT)
BIN := $(if $(filter release,$(VARIANT)),build,$(B)/bin)
Q   := $(if $(V),,@)
say  = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(2)')

ifeq ($(origin CC),default)
CC := gcc
endif
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
OPT_release := -O2 -g
OPT_san     := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# Instrumented code hides ranges from gcc's flow analysis, which then warns of what cannot happen.
OPT_san     += -Wno-format-truncation -Wno-maybe-uninitialized
OPT_cov     := -O0 -g --coverage
OPT_clang   := -O2 -g
OPT_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
ifneq ($(filter fuzz clang,$(VARIANT)),)
CC := clang
endif
CFLAGS   ?= $(or $(OPT_$(VARIANT)),$(error no such variant: $(VARIANT)))
WERROR   ?= $(if $(CI),-Werror)
CPPFLAGS += -D_GNU_SOURCE -DGW_DATADIR='"$(datadir)"' -Iinclude -Ipos-plugin -I.
ALL_CFLAGS = -std=c11 -fPIC -fvisibility=hidden $(WARN) $(WERROR) $(CFLAGS)
LDFLAGS  += -Wl,--as-needed
SHARED   ?= ../shared
export SHARED

have = $(shell printf '\#include <$(1)>\n' | $(CC) -E -o /dev/null - 2>/dev/null && echo yes)
have_tool = $(shell command -v $(1) >/dev/null 2>&1 && echo yes)

# --- sources, by layer ----------------------------------------------------------------------------
LINK_SRC   :=
BASE_SRC   := $(addprefix pos-plugin/base/,cli.c conf.c csv.c err.c home.c json.c money.c text.c utf8.c when.c)
STATS_SRC  :=
SCAN_SRC   := $(addprefix pos-plugin/scan/,ai_check.c ai_table.c bracketed.c capture.c card.c coupon.c element.c \
	frame.c gtin.c profile.c rcn.c result.c retail.c scan.c settings.c settings_conf.c ssi.c symbology.c twin.c uri.c)
MODEL_SRC  := $(addprefix pos-plugin/model/,arms.c settings.c table.c table_build.c)
OFFER_SRC  := $(addprefix pos-plugin/offer/,assign.c choose.c fit.c index.c index_pattern.c match.c)
STORE_SRC  := pos-plugin/store/table_db.c pos-plugin/store/table_save.c
PORT_SRC   :=
ENGINE_SRC := $(addprefix pos-plugin/engine/,apply.c command.c engine.c line.c offers.c view.c)
HOST_SRC   := $(addprefix pos-plugin/host/,answer.c clients.c listener.c request.c)
UI_SRC     := $(addprefix pos-plugin/ui/,burst.c canvas.c chrome.c compose.c config.c glyph.c keys.c keyseq.c screen_ask.c \
	out.c paint.c screen_help.c screen_offer.c screen_sale.c screen_scanner.c screen_today.c state.c term.c \
	term_line.c termtype.c tty.c ui.c words.c)
FIRMWARE_SRC :=
DECODE_SRC := tools/decode/lines.c tools/decode/print.c tools/decode/raw.c
TABLE_SRC  := $(addprefix tools/table/,any.c bundle.c cells.c install.c issues.c manifest.c minisign.c payload.c \
	payload_read.c ratchet.c read_items.c read_rules.c secret.c sheet.c trust.c verb_diff.c verb_install.c verb_make.c verb_show.c words.c)
MINE_SRC   := $(addprefix tools/mine/,belief.c catalogue.c category.c choose.c counted.c db.c dict.c evaluate.c evidence.c family.c fold.c gram.c itemsets.c lapack.c last_round.c learn.c \
	measure.c options.c order.c plan.c read_basket.c read_batch.c read_csv.c read_path.c round.c round_page.c round_table.c rules.c \
	sales.c score.c season.c source.c split.c spool.c tablefile.c triangle.c write.c)
REPORT_SRC :=
SYNC_SRC   :=
SIM_SRC    :=
REGISTER_SRC := $(addprefix pos-plugin/,clock.c customer.c dock_client.c dock_desk.c home_watch.c loop.c options.c page_scans.c page_today.c \
	register.c screen.c sync_news.c tills.c)

MODEL_SRC += pos-plugin/model/event_json.c pos-plugin/model/event_line.c
STORE_SRC += $(addprefix pos-plugin/store/,batch.c chain.c collection.c db.c journal.c journal_file.c journal_read.c \
	journal_repair.c ledger.c period.c project.c queries.c queue.c reader.c salvage.c today.c)

REPORT_SRC += $(addprefix tools/report/,events.c tables.c today.c)
SYNC_SRC += $(addprefix tools/sync/,ack.c ack_publish.c book.c book_events.c book_intake.c book_settle.c clickhouse_tables.c collect.c device.c into_clickhouse.c lock.c news.c outbox.c pull.c push.c run.c salvage.c seal.c settle.c sink.c state.c status.c steady.c sync.c target.c \
	target_dir.c target_http.c verify.c)
NET_SRC := $(addprefix tools/net/,clickhouse.c gzip.c http.c office.c rows.c)

LINK_SRC += $(addprefix pos-plugin/link/,frame.c host.c sender.c)
PORT_SRC += $(addprefix pos-plugin/port/,dock_report.c dock_spawn.c port.c port_fd.c port_serial.c)
FIRMWARE_SRC += $(addprefix firmware/,display.c dock.c dock_command.c flash_journal.c flash_log.c ring.c scanner.c)
SIM_SRC  += tools/sim/scanner.c
SIM_SRC  += tools/sim/fleet.c
SIM_SRC  += $(addprefix tools/sim/,again.c baskets.c baskets_check.c hits.c latency.c lines.c \
	replay.c replay_print.c till.c)

LIB_SRC := $(LINK_SRC) $(BASE_SRC) $(STATS_SRC) $(SCAN_SRC) $(MODEL_SRC) $(OFFER_SRC) $(STORE_SRC) $(PORT_SRC) \
	$(ENGINE_SRC) $(HOST_SRC) $(UI_SRC) $(FIRMWARE_SRC) $(DECODE_SRC) $(TABLE_SRC) $(MINE_SRC) $(REPORT_SRC) \
	$(SYNC_SRC) $(NET_SRC) $(SIM_SRC) $(REGISTER_SRC)

# --- programs: NAME_MAIN is the file with main(), NAME_LIBS what it links -------------------------
PROGRAMS := goeswith
goeswith_MAIN := pos-plugin/main.c
goeswith_LIBS := -lncursesw -ltinfo -lsqlite3 -lserialport -ljansson -linih -lsodium -lzstd -lm
PROGRAMS += goeswith-mine
goeswith-mine_MAIN := tools/mine/main.c
goeswith-mine_LIBS := -lsqlite3 -ljansson -linih -lsodium -lzstd -lcurl -lz -lm -lpthread -ldl

PROGRAMS += goeswith-table
goeswith-table_MAIN := tools/table/main.c
goeswith-table_LIBS := -lsqlite3 -ljansson -lsodium -lzstd -linih

PROGRAMS += goeswith-decode
goeswith-decode_MAIN := tools/decode/main.c
goeswith-decode_LIBS := -linih
PROGRAMS += goeswith-report
goeswith-report_MAIN := tools/report/main.c
goeswith-report_LIBS := -lsqlite3 -ljansson -linih -lsodium -lzstd -lcurl -lz

PROGRAMS += goeswith-sync
goeswith-sync_MAIN := tools/sync/main.c
goeswith-sync_LIBS := -lsqlite3 -ljansson -linih -lsodium -lzstd -lcurl -lz

PROGRAMS += goeswith-dock goeswith-sim
goeswith-dock_MAIN := $(addprefix firmware/board/posix/,main.c ask.c clients.c flash.c guest.c loop.c show.c till.c verbs.c)
goeswith-dock_LIBS := -lserialport -ljansson
goeswith-sim_MAIN := tools/sim/main.c
goeswith-sim_LIBS := -lserialport -lsqlite3 -ljansson -lsodium -lzstd -lm

LIBS_ALL := -lncursesw -ltinfo -lsqlite3 -lserialport -ljansson -linih -lsodium -lzstd -lcurl -lz -lm -lpthread

# --- tests ----------------------------------------------------------------------------------------
UNIT_TESTS := test_base test_pages test_scan test_table test_table_db test_host test_clients
E2E_TESTS  := manual_pages.py register_faults.py register_kill.py register_sale.py register_sync.py
FUZZERS    := csv host
BENCHES    :=
UNIT_TESTS += test_table_set test_table_trust
E2E_TESTS  += table_tool.py table_uci.py
BENCHES    += table_load
FUZZERS    += table_csv table_bundle
UNIT_TESTS += test_mine_sets test_mine_read
E2E_TESTS  += mine_rules.py mine_evaluate.py mine_round.py
E2E_TESTS  += host_library.py host_doc.py host_socket.py headless_protocol.py sim_replay.py
UNIT_TESTS += test_replay
BENCHES    += mine
FUZZERS    += mine_basket mine_csv
BENCHES    += host

UNIT_TESTS += test_event_json test_journal test_journal_faults test_ledger test_period test_sync
E2E_TESTS  += report_today.py report_zones.py sync_push.py sync_mishaps.py sync_page.py sync_ack.py sync_crash.py sync_faults.py sync_https.py sync_s3.py sync_pull.py sync_salvage.py sync_operations.py
FUZZERS    += event_json batch ack
UNIT_TESTS += test_net
E2E_TESTS  += sync_clickhouse.py sync_chdb.py
FUZZERS    += clickhouse_rows
BENCHES    += journal sync.py fleet.py clickhouse.py

UNIT_TESTS += test_ui_canvas test_ui_input test_ui_golden test_ui_manual test_ui_paint
FUZZERS    += ui_keys
E2E_TESTS  += ui_pty.py ui_register.py
BENCHES    += offer_latency

UNIT_TESTS += test_offer test_offer_gates test_engine test_engine_scan test_engine_sim test_engine_till
LDFLAGS_test_engine_scan := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
FUZZERS    += engine
BENCHES    += match

UNIT_TESTS += test_scan_numbers test_scan_frame test_scan_gs1
LDFLAGS_test_scan_gs1 := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
E2E_TESTS  += decode_vectors.py decode_cli.py decode_oracle.py decode_register.py
BENCHES    += decode
FUZZERS    += scan scan_frame scan_uri scan_pattern


# --- rules ----------------------------------------------------------------------------------------
obj = $(patsubst %.c,$(B)/%.o,$(1))
LIB := $(B)/libgw.a
UNIT_TESTS += test_dock test_dock_lines test_dock_scanner test_dock_sim test_link test_link_host
E2E_TESTS  += dock_budget.py dock_posix.py dock_qemu.py dock_qemu_register.py dock_qemu_time.py
FUZZERS    += link scanner
BENCHES    += dock.py
UNIT_TESTS += test_flash test_flash_cuts test_flash_dock test_flash_full test_flash_wear
E2E_TESTS  += dock_flash.py
FUZZERS    += flash
UNIT_TESTS += test_capture test_customer test_dock_report test_framers
E2E_TESTS  += demo_killed.py register_display.py register_dock.py dock_qemu_cashier.py
UNIT_BIN := $(addprefix $(B)/tests/unit/,$(UNIT_TESTS))
REPLAY_BIN := $(addprefix $(B)/tests/fuzz/replay_,$(FUZZERS))

.PHONY: all
all: $(addprefix $(BIN)/,$(PROGRAMS)) lib

$(B)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(CFLAGS_$(<:.c=)) -MMD -MP -c -o $@ $<

$(LIB): $(call obj,$(LIB_SRC))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

define PROGRAM
$(BIN)/$(1): $(call obj,$($(1)_MAIN)) $(LIB)
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(LDFLAGS) -o $$@ $(call obj,$($(1)_MAIN)) $(LIB) $($(1)_LIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call PROGRAM,$(p))))

UI_SCENES := $(B)/tests/unit/ui_scenes.o
UI_PREVIEW := $(B)/tests/unit/ui_preview
export UI_PREVIEW
LDFLAGS_test_ui_golden := $(UI_SCENES)
LDFLAGS_ui_preview := $(UI_SCENES)
$(B)/tests/unit/test_ui_golden $(UI_PREVIEW): $(UI_SCENES)

DOCK_WORLD := $(addprefix $(B)/tests/unit/,dock_world.o dock_play.o flash_model.o)
LDFLAGS_test_dock_sim := $(DOCK_WORLD)
LDFLAGS_test_flash_cuts := $(DOCK_WORLD)
LDFLAGS_test_flash := $(B)/tests/unit/flash_model.o
LDFLAGS_test_flash_dock := $(B)/tests/unit/flash_model.o
LDFLAGS_test_flash_full := $(B)/tests/unit/flash_model.o
LDFLAGS_test_flash_wear := $(B)/tests/unit/flash_model.o
$(B)/tests/unit/test_dock_sim $(B)/tests/unit/test_flash_cuts: $(DOCK_WORLD)
$(B)/tests/unit/test_flash $(B)/tests/unit/test_flash_dock $(B)/tests/unit/test_flash_full $(B)/tests/unit/test_flash_wear: $(B)/tests/unit/flash_model.o

LDFLAGS_test_journal_faults := $(B)/tests/unit/cut_vfs.o
$(B)/tests/unit/test_journal_faults: $(B)/tests/unit/cut_vfs.o

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LDFLAGS_$*) -o $@ $< $(LIB) -lcmocka $(LIBS_ALL) $(LIBS_$*)

# A fuzz target with a main() that replays files: every compiler can check the corpora.
$(B)/tests/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_ALL)

$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LIBS_ALL)

# A small host of the link for the dock's end-to-end tests.
DOCK_HOST := $(B)/tests/e2e/dock_host
export DOCK_HOST
$(DOCK_HOST): $(B)/tests/e2e/dock_host.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lserialport

$(B)/tests/bench/%: $(B)/tests/bench/%.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_ALL)

# --- the library for till vendors: one object whose only symbols are those of libgoeswith.map -------
LIB_ABI := 0
LIBGW_SRC := $(addprefix pos-plugin/base/,err.c json.c money.c text.c utf8.c when.c) \
	$(filter-out pos-plugin/scan/settings_conf.c,$(SCAN_SRC)) \
	$(addprefix pos-plugin/model/,arms.c settings.c table.c table_build.c) \
	$(addprefix pos-plugin/store/,table_db.c) $(OFFER_SRC) $(ENGINE_SRC)
LIBGW_MAP  := pos-plugin/host/libgoeswith.map
LIBGW_LIBS := -lsqlite3 -lm
LIBGW_DIR  := $(patsubst %/bin,%,$(BIN))
LIBGW_A    := $(LIBGW_DIR)/libgoeswith.a
LIBGW_SO   := $(LIBGW_DIR)/libgoeswith.so.$(VERSION)

.PHONY: lib install-lib uninstall-lib
lib: $(LIBGW_A) $(LIBGW_SO)

$(B)/libgoeswith.o: $(call obj,$(LIBGW_SRC)) $(LIBGW_MAP)
	$(call say,LD,$@)
	$(Q)$(CC) -r -nostdlib -o $@.all $(filter %.o,$^)
	$(Q)sed -n 's/^\t\(gw_[a-z_]*\);$$/\1/p' $(LIBGW_MAP) >$@.public
	$(Q)objcopy --keep-global-symbols=$@.public $@.all $@

$(LIBGW_A): $(B)/libgoeswith.o
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $<

$(LIBGW_SO): $(call obj,$(LIBGW_SRC)) $(LIBGW_MAP)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libgoeswith.so.$(LIB_ABI) \
		-Wl,--version-script,$(LIBGW_MAP) $(if $(filter san cov fuzz,$(VARIANT)),,-Wl,-z,defs) \
		-o $@ $(filter %.o,$^) $(LIBGW_LIBS)

LIB_IN = $(DESTDIR)$(libdir)
define PC_TEXT
prefix=$(prefix)
libdir=$(libdir)
includedir=$(incdir)

Name: goeswith
Description: suggestive selling at the till: the engine
Version: $(VERSION)
Cflags: -I$${includedir}
Libs: -L$${libdir} -lgoeswith
Libs.private: $(LIBGW_LIBS)
endef
export PC_TEXT

install: install-lib
install-lib: lib
	$(Q)install -d $(LIB_IN)/pkgconfig $(DESTDIR)$(incdir)/goeswith $(DESTDIR)$(datadir)/example
	$(Q)install -m 644 $(LIBGW_A) $(LIB_IN)
	$(Q)install -m 755 $(LIBGW_SO) $(LIB_IN)
	$(Q)ln -sf $(notdir $(LIBGW_SO)) $(LIB_IN)/libgoeswith.so.$(LIB_ABI)
	$(Q)ln -sf libgoeswith.so.$(LIB_ABI) $(LIB_IN)/libgoeswith.so
	$(Q)install -m 644 tests/example/host.c $(DESTDIR)$(datadir)/example
	$(Q)printf '%s\n' "$$PC_TEXT" >$(LIB_IN)/pkgconfig/goeswith.pc
	$(Q)install -m 644 $(wildcard include/goeswith/*.h include/goeswith/*.md) $(DESTDIR)$(incdir)/goeswith

uninstall: uninstall-lib
uninstall-lib:
	$(Q)rm -f $(LIB_IN)/libgoeswith.a $(LIB_IN)/libgoeswith.so* $(LIB_IN)/pkgconfig/goeswith.pc \
		$(DESTDIR)$(datadir)/example/host.c

# --- head office: server and service examples, with the paths of this installation ------------------
.PHONY: install-sync
install: install-sync
install-sync:
	$(Q)install -d $(DESTDIR)$(datadir)/sync
	$(Q)for f in tools/sync/*.example tools/sync/systemd/*; do \
		sed 's|/usr/local/bin|$(bindir)|' $$f >$(DESTDIR)$(datadir)/sync/$${f##*/} || exit 1; done

# --- firmware: the dock on bare metal ---------------------------------------------------------------
FW_BOARDS := stm32f1 stm32f1-display mps2-an385
FW_SRC    := $(addprefix firmware/,main.c display.c dock.c dock_command.c ring.c scanner.c board/cortexm/lines.c \
	board/cortexm/start.c) pos-plugin/link/frame.c pos-plugin/link/sender.c
FW_CROSS  ?= arm-none-eabi-
FW_CFLAGS := -std=c11 -ffreestanding -Os -g -mcpu=cortex-m3 -mthumb $(WARN) -Werror -fstack-usage -fcallgraph-info=su \
	-ffunction-sections -fdata-sections -fno-common -ffile-prefix-map=$(CURDIR)=. -Iinclude -Ipos-plugin -I.
.PHONY: firmware flash check-dock
# FLASH_JOURNAL=1 makes images with the flash journal beside the others, in build/firmware/BOARD-flash,
# of the boards named here: those that have a flash.h, or are stopped by a sentence in cortexm/flash.h.
FW_FLASH_BOARDS ?= stm32f1 mps2-an385
FW_FLASH_SRC := $(addprefix firmware/,flash_journal.c flash_log.c board/cortexm/flash.c)
FW_FLASH_ELF := $(FW_FLASH_BOARDS:%=build/firmware/%-flash/dock.elf)
.PHONY: firmware-flash
ifeq ($(call have_tool,$(FW_CROSS)gcc),yes)
FW_ELF := $(FW_BOARDS:%=build/firmware/%/dock.elf)
firmware: $(FW_ELF) $(if $(FLASH_JOURNAL),$(FW_FLASH_ELF))
firmware-flash: $(FW_FLASH_ELF)
else
FW_ELF :=
firmware firmware-flash:
	@echo "$@: skipped, there is no $(FW_CROSS)gcc (apt-get install --no-install-recommends gcc-arm-none-eabi)"
endif

# Other choices (make FW_DEFINES=...) make all objects anew.
.PHONY: FORCE
build/firmware/defines: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(FW_DEFINES))' | cmp -s - $@ || echo '$(subst ','\'',$(FW_DEFINES))' >$@

# $(1) image, $(2) board, $(3) flags, $(4) sources of this image
define FIRMWARE
build/firmware/$(1)/%.o: %.c Makefile build/firmware/defines
	$$(call say,FWCC,$(1) $$<)
	@mkdir -p $$(@D)
	$$(Q)$(FW_CROSS)gcc $(FW_CFLAGS) -DGW_BOARD_NAME='"$(2)"' $(3) $(FW_DEFINES) -MMD -MP -c -o $$@ $$<
build/firmware/$(1)/dock.elf: $(patsubst %.c,build/firmware/$(1)/%.o,$(FW_SRC) firmware/board/$(2)/board.c $(4)) \
		firmware/board/$(2)/link.ld firmware/board/cortexm/sections.ld firmware/check-size.sh firmware/check-ram.sh \
		firmware/check-stack.py firmware/stack-calls.txt
	$$(call say,FWLINK,$$@)
	$$(Q)$(FW_CROSS)gcc $(FW_CFLAGS) -nostdlib -Wl,--gc-sections -Wl,-Map=$$(@:.elf=.map) \
		-T firmware/board/$(2)/link.ld -o $$@ $$(filter %.o,$$^) -lgcc
	$$(Q)$(FW_CROSS)objcopy -O binary $$@ $$(@:.elf=.bin)
	$$(Q)$(FW_CROSS)objcopy -O ihex $$@ $$(@:.elf=.hex)
	$$(Q)firmware/check-size.sh $(1) $$@ build/firmware/$(1)
	$$(Q)FW_CROSS=$(FW_CROSS) firmware/check-stack.py $(1) $$@ firmware/stack-calls.txt $$(filter %.o,$$^)
endef
$(foreach b,$(FW_BOARDS),$(eval $(call FIRMWARE,$(b),$(b),-DGW_FLASH_JOURNAL=0,)))
fw_flash_h = $(wildcard firmware/board/$(1)/flash.h)
$(foreach b,$(FW_FLASH_BOARDS),$(eval $(call FIRMWARE,$(b)-flash,$(b),-DGW_FLASH_JOURNAL=1 $(if $(call fw_flash_h,$(b)),-include $(call fw_flash_h,$(b))),$(FW_FLASH_SRC) $(wildcard firmware/board/$(b)/flash.c))))

FW_BURN = stm32f1$(if $(FLASH_JOURNAL),-flash)
flash: firmware
	$(Q)[ -f build/firmware/$(FW_BURN)/dock.elf ] || { echo "flash: there is no build/firmware/$(FW_BURN)/dock.elf"; exit 4; }; \
	if command -v openocd >/dev/null; then \
		openocd -f interface/stlink.cfg -f target/stm32f1x.cfg \
			-c "program build/firmware/$(FW_BURN)/dock.elf verify reset exit"; \
	elif command -v st-flash >/dev/null; then \
		st-flash --reset write build/firmware/$(FW_BURN)/dock.bin 0x08000000; \
	else echo "flash: neither openocd nor st-flash is installed (apt-get install --no-install-recommends openocd)"; exit 4; fi

check-run check-e2e: firmware firmware-flash

# The dock, all of it: 3,000 simulated seeds, fuzz smoke, the image in the emulator.
CHECK_DOCK := $(addprefix $(B)/tests/unit/,test_link test_link_host test_dock test_dock_lines test_dock_scanner test_flash test_flash_cuts test_flash_dock test_flash_full test_flash_wear test_dock_sim)
check-dock: all firmware firmware-flash $(CHECK_DOCK) $(DOCK_HOST)
	$(Q)DOCK_SIM_SEEDS=3000 $(RUN) $(CHECK_DOCK)
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz FUZZERS="link scanner flash" FUZZ_SECONDS=10 fuzz-run
	$(Q)TEST_TIMEOUT=900 DOCK_QEMU_SCANS=10000 $(RUN) -- $(addprefix tests/e2e/,dock_budget.py dock_posix.py dock_qemu.py dock_qemu_register.py dock_qemu_time.py dock_flash.py)

# --- checks ---------------------------------------------------------------------------------------
RUN := tests/run.sh
export BIN

.PHONY: check check-unit check-e2e check-san check-layers check-headers check-fuzz
check: all check-layers check-headers
	$(Q)$(MAKE) --no-print-directory check-run

# Emulated machines and foreign servers fill a processor each, or two.
E2E_ALONE := dock_qemu.py dock_qemu_register.py dock_qemu_time.py dock_qemu_cashier.py dock_flash.py sync_s3.py sync_clickhouse.py sync_chdb.py
e2e = $(addprefix tests/e2e/,$(filter-out $(E2E_ALONE),$(1))) -- $(addprefix tests/e2e/,$(filter $(E2E_ALONE),$(1)))

.PHONY: check-run
check-run: all $(UNIT_BIN) $(REPLAY_BIN) $(UI_PREVIEW) $(DOCK_HOST)
	$(Q)$(RUN) $(UNIT_BIN) $(REPLAY_BIN) $(call e2e,$(filter-out $(E2E_SKIP_$(VARIANT)),$(E2E_TESTS)))

check-unit: $(UNIT_BIN) $(REPLAY_BIN)
	$(Q)$(RUN) $(UNIT_BIN) $(REPLAY_BIN)

check-e2e: all $(UI_PREVIEW) $(DOCK_HOST)
	$(Q)$(RUN) $(call e2e,$(E2E_TESTS))

# What runs long, by others' programs most of the time: the emulated image, the evaluation, the
# oracles, foreign servers (net/ has its unit test and fuzz target here).
E2E_SKIP_san := sync_s3.py sync_page.py sync_chdb.py sync_clickhouse.py sync_operations.py dock_qemu.py dock_flash.py dock_qemu_time.py mine_evaluate.py decode_oracle.py
check-san:
	$(Q)$(MAKE) --no-print-directory VARIANT=san check-run

check-layers:
	$(Q)tests/check-layers.sh

HEADERS := $(wildcard include/goeswith/*.h pos-plugin/*/*.h firmware/*.h tools/*/*.h)
check-headers:
	$(Q)for h in $(HEADERS); do \
		printf '#include "%s"\n' "$$h" | $(CC) $(CPPFLAGS) -std=c11 $(WARN) -Werror -fsyntax-only -x c - || exit 1; \
	done; echo "every header compiles alone"

# --- style and static checks ----------------------------------------------------------------------
C_FILES := $(shell git ls-files -co --exclude-standard '*.c' '*.h' 2>/dev/null)
.PHONY: format format-check lint
format:
	$(Q)clang-format -i $(C_FILES)

format-check:
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	@# What clang-format leaves of a comment line that was too long for it.
	$(Q)! grep -nE '^ \*[A-Za-z0-9(]' $(C_FILES)

lint: format-check
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -j2 \
		--enable=warning,performance,portability --suppress=missingIncludeSystem \
		--suppress=unusedStructMember $(CPPFLAGS) $(filter %.c,$(C_FILES))
	$(Q)printf '%s\n' $(filter-out tests/% firmware/board/stm32f1%  firmware/board/mps2% firmware/board/cortexm/%,$(filter %.c,$(C_FILES))) | \
		xargs -P2 -n8 sh -c 'clang-tidy --quiet "$$@" -- -std=c11 $(CPPFLAGS) 2>/dev/null' lint

# --- fuzzing, coverage, benches -------------------------------------------------------------------
FUZZ_SECONDS ?= 10
.PHONY: fuzz fuzz-run coverage bench
fuzz:
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz fuzz-run

fuzz-run: $(addprefix $(B)/tests/fuzz/fuzz_,$(FUZZERS))
	$(Q)tests/fuzz/run.sh $(B)/tests/fuzz $(FUZZ_SECONDS) $(FUZZERS)

coverage:
	$(Q)$(MAKE) --no-print-directory VARIANT=cov check-run
	$(Q)tests/coverage.sh build/cov

bench: all $(addprefix $(B)/tests/bench/,$(filter-out %.py %.sh,$(BENCHES)))
	$(Q)for b in $(filter-out %.py %.sh,$(BENCHES)); do echo "== $$b"; $(B)/tests/bench/$$b || exit 1; done
	$(Q)for b in $(filter %.py %.sh,$(BENCHES)); do echo "== $$b"; tests/bench/$$b || exit 1; done

# --- housekeeping ---------------------------------------------------------------------------------
.PHONY: clean dist help install uninstall check-install check-man demo everything
everything: all $(UNIT_BIN) $(REPLAY_BIN)

MAN_PAGES := $(wildcard pos-plugin/man/*.[1-9] tools/*/*.[1-9] firmware/board/posix/*.[1-9])
MAN_IN = $(DESTDIR)$(mandir)/man$(subst .,,$(suffix $(1)))/$(notdir $(1))

install: all
	$(Q)install -d $(DESTDIR)$(bindir) $(DESTDIR)$(incdir)/goeswith $(DESTDIR)$(datadir)
	$(Q)install -m 755 $(addprefix $(BIN)/,$(PROGRAMS)) $(DESTDIR)$(bindir)
	$(Q)install -m 644 $(wildcard include/goeswith/*.h include/goeswith/*.md) $(DESTDIR)$(incdir)/goeswith
	$(Q)$(foreach m,$(MAN_PAGES),install -D -m 644 $(m) $(call MAN_IN,$(m)) &&) true
	$(Q)cp -r tools/sim/demo $(DESTDIR)$(datadir)/

uninstall:
	$(Q)rm -f $(addprefix $(DESTDIR)$(bindir)/,$(PROGRAMS)) $(foreach m,$(MAN_PAGES),$(call MAN_IN,$(m)))
	$(Q)rm -rf $(DESTDIR)$(incdir)/goeswith $(DESTDIR)$(datadir)

# Installs into a folder of its own, runs what was installed, and takes it away again.
check-install: all
	$(Q)tests/check-install.sh

check-man:
	$(Q)mandoc -Tlint -W warning $(MAN_PAGES)
	$(Q)for p in $(PROGRAMS); do ls $(MAN_PAGES) | grep -q "/$$p\.[1-8]$$" || { echo "$$p has no manual page"; exit 1; }; done
	@echo "manual pages are clean, every program has one"

demo: all
	$(Q)tools/sim/demo/run.sh $(BIN)

clean:
	$(Q)rm -rf build

dist:
	$(Q)mkdir -p build
	$(Q)git archive --format=tar.gz --prefix=goeswith-$(VERSION)/ -o build/goeswith-$(VERSION).tar.gz HEAD

help:
	@sed -n 's/^## //p' Makefile

## goals:
##   all            build every program into build/ (the default)
##   deps           install what building, testing and running need (Debian)
##   demo           the register on the demo shop, with a simulated scanner
##   check          every test: units, end to end, layers, headers
##   check-unit check-e2e check-san check-layers check-headers
##   lint format    static checks and layout
##   bench fuzz coverage
##   install uninstall dist clean help
##   firmware       the dock for microcontrollers: build/firmware/BOARD/dock.elf .bin .hex (flash: write it)
##                  FLASH_JOURNAL=1: and BOARD-flash, whose scans survive a loss of power
##   check-dock     3,000 simulated seeds, fuzzing, the firmware in the emulator
## variables: V=1 (show commands)  VARIANT=release|san|cov|clang|fuzz  prefix=  DESTDIR=

-include $(shell find $(B) build/firmware -name '*.d' 2>/dev/null)
endif
