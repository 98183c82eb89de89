// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object doctor: one look at everything that can keep netlab from being
 * loaded or used, and the command that mends it. It changes nothing.
 */
#define _GNU_SOURCE	/* nftw(), FTW_ACTIONRETVAL */
#include <fcntl.h>
#include <ftw.h>
#include <json-c/json.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"
#include "netns.h"
#include "nl.h"

#define TEXT		512	/* size of a sentence, or of a command */
#define PATH		4096
#define SIGNATURE	"~Module signature appended~\n"
#define MOK		"/var/lib/dkms/mok.pub"
#define SECURE_BOOT \
	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* From what is well to what keeps it from being used. */
enum verdict {
	VERDICT_OK,
	VERDICT_WARNING,
	VERDICT_PROBLEM,
};

static const char *const verdicts[] = {
	[VERDICT_OK] = "ok",
	[VERDICT_WARNING] = "warning",
	[VERDICT_PROBLEM] = "problem",
};

/* What was found. */
struct report {
	struct json_object *list;
	enum verdict worst;
	bool loaded;
	struct utsname kernel;
	char modules[PATH];
	char module[PATH];
};

/* @mend: the command that mends it, or NULL. */
static void tell(struct report *report, enum verdict verdict,
		 const char *check, const char *mend, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

static void tell(struct report *report, enum verdict verdict,
		 const char *check, const char *mend, const char *format, ...)
{
	char raw[TEXT], text[4 * TEXT], label[64];
	struct json_object *row;
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	escape(text, sizeof(text), raw);
	if (verdict > report->worst)
		report->worst = verdict;
	if (opts.json) {
		row = json_object_new_object();
		json_object_object_add(row, "check",
				       json_object_new_string(check));
		json_object_object_add(row, "verdict",
			json_object_new_string(verdicts[verdict]));
		json_object_object_add(row, "text",
				       json_object_new_string(text));
		json_object_object_add(row, "command", mend ?
				       json_object_new_string(mend) : NULL);
		json_object_array_add(report->list, row);
		return;
	}
	snprintf(label, sizeof(label), "%-8s  %-11s", verdicts[verdict], check);
	print_wrapped(stdout, label, 22, text);
	if (mend)
		printf("%22s%s\n", "", mend);
}

/* ---- looking */

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

/* A file's first line, or nothing; whether there is one. */
static bool read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	*line = '\0';
	if (fd < 0)
		return false;
	length = read(fd, line, size - 1);
	close(fd);
	if (length <= 0)
		return false;
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return *line;
}

/* Past the user's namespace: what counts is what the kernel would ask. */
static bool capable(unsigned int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[CAP_TO_INDEX(capability)].effective &
	       CAP_TO_MASK(capability);
}

static char *found_at;

static int look_for_module(const char *path, const struct stat *is, int type,
			   struct FTW *at)
{
	const char *name = path + at->base;

	(void)is;
	/* What is only built is not what modprobe loads. */
	if (type == FTW_D && (!strcmp(name, "build") || !strcmp(name, "source")))
		return FTW_SKIP_SUBTREE;
	if (type != FTW_F || strncmp(name, "netlab.ko", 9))
		return FTW_CONTINUE;
	snprintf(found_at, PATH, "%s", path);
	return FTW_STOP;
}

/* Where modprobe would take the module from, of the kernel that runs. */
static void find_module(struct report *report)
{
	found_at = report->module;
	nftw(report->modules, look_for_module, 16,
	     FTW_PHYS | FTW_ACTIONRETVAL);
}

/* Whether the file ends as an unsigned module does; if it is compressed, who knows. */
static bool is_unsigned(const char *path)
{
	size_t length = strlen(path);
	char end[sizeof(SIGNATURE) - 1] = "";
	FILE *file;

	if (length < 3 || strcmp(path + length - 3, ".ko"))
		return false;
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fseek(file, -(long)sizeof(end), SEEK_END) ||
	    fread(end, sizeof(end), 1, file) != 1)
		*end = '\0';
	fclose(file);
	return memcmp(end, SIGNATURE, sizeof(end));
}

/* ---- what there is to be said */

/* Whether it takes modules at all. */
static bool check_kernel(struct report *report)
{
	const char *release = report->kernel.release;
	char line[TEXT];

	if (!exists("/proc/modules")) {
		tell(report, VERDICT_PROBLEM, "kernel",
		     "boot a kernel with CONFIG_MODULES=y, as the distribution's own",
		     "Linux %s takes no modules", release);
		return false;
	}
	if (!report->loaded &&
	    read_line("/proc/sys/kernel/modules_disabled", line, sizeof(line)) &&
	    !strcmp(line, "1"))
		tell(report, VERDICT_PROBLEM, "kernel", "reboot",
		     "kernel.modules_disabled is 1: Linux %s takes no more modules until the next boot",
		     release);
	else
		tell(report, VERDICT_OK, "kernel", NULL,
		     "Linux %s takes modules", release);
	return true;
}

/* What is missing, where there is no module for the kernel that runs. */
static void check_build(struct report *report)
{
	char path[PATH + 16], command[TEXT];

	if (!exists(report->modules)) {
		tell(report, VERDICT_PROBLEM, "module", "reboot",
		     "%s is gone: the kernel was upgraded, and the one that runs is no longer installed",
		     report->modules);
		return;
	}
	snprintf(path, sizeof(path), "%s/build/Makefile", report->modules);
	if (!exists(path)) {
		snprintf(command, sizeof(command),
			 "apt install linux-headers-%s",
			 report->kernel.release);
		tell(report, VERDICT_PROBLEM, "headers", command,
		     "there are no headers of Linux %s to build the module with",
		     report->kernel.release);
	}
	tell(report, VERDICT_PROBLEM, "module",
	     exists("/var/lib/dkms/netlab") ? "dkms autoinstall" :
					      "make install",
	     "it isn't installed for Linux %s", report->kernel.release);
}

static void check_module(struct report *report)
{
	char version[TEXT];

	if (!report->loaded) {
		if (!*report->module) {
			check_build(report);
			return;
		}
		tell(report, VERDICT_PROBLEM, "module", "modprobe netlab",
		     "it isn't loaded; it is installed as %s", report->module);
		return;
	}
	if (!read_line("/sys/module/netlab/version", version, sizeof(version)))
		snprintf(version, sizeof(version), "of no version");
	if (strcmp(version, NETLAB_VERSION))
		tell(report, VERDICT_WARNING, "module",
		     "modprobe -r netlab && modprobe netlab",
		     "netlab %s is loaded, and this tool is %s", version,
		     NETLAB_VERSION);
	else
		tell(report, VERDICT_OK, "module", NULL,
		     "netlab %s is loaded", version);
}

/* Why the kernel would take only a module that it trusts; NULL if it wouldn't. */
static const char *who_wants_signature(void)
{
	char line[TEXT];

	if (read_line("/sys/kernel/security/lockdown", line, sizeof(line)) &&
	    !strstr(line, "[none]"))
		return "the kernel is locked down";
	if (read_line("/sys/module/module/parameters/sig_enforce", line,
		      sizeof(line)) && *line == 'Y')
		return "the kernel was told to take signed modules only";
	return NULL;
}

/* The variable is four bytes of attributes, and one that is 1 or 0. */
static bool secure_boot(void)
{
	char data[5] = { 0 };
	int fd = open(SECURE_BOOT, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, data, sizeof(data)) != sizeof(data))
		data[4] = 0;
	close(fd);
	return data[4] == 1;
}

static void check_signature(struct report *report)
{
	const char *who = who_wants_signature();
	const char *boot = secure_boot() ? " (Secure Boot is on)" : "";

	if (!who) {
		tell(report, VERDICT_OK, "signature", NULL,
		     "unsigned modules can be loaded%s", boot);
		return;
	}
	if (report->loaded) {
		tell(report, VERDICT_OK, "signature", NULL,
		     "%s%s, and took netlab", who, boot);
		return;
	}
	if (!is_unsigned(report->module))
		tell(report, VERDICT_WARNING, "signature",
		     "mokutil --test-key " MOK,
		     "%s%s: it must trust the key that netlab is signed with",
		     who, boot);
	else if (!exists(MOK))
		tell(report, VERDICT_PROBLEM, "signature",
		     "dkms generate_mok && make install",
		     "%s%s, and netlab is not signed: DKMS signs what it builds, once it has a key",
		     who, boot);
	else
		tell(report, VERDICT_PROBLEM, "signature",
		     "mokutil --import " MOK " && reboot",
		     "%s%s, and netlab is not signed by a key that it trusts. Enroll the one that DKMS signs with: give it a password, choose Enroll MOK at the next boot, say the password again; and have DKMS build netlab",
		     who, boot);
}

static void check_capabilities(struct report *report)
{
	if (!report->loaded && !capable(CAP_SYS_MODULE))
		tell(report, VERDICT_PROBLEM, "capability",
		     "sudo modprobe netlab",
		     "loading a module needs CAP_SYS_MODULE, as root has it");
	else if (!capable(CAP_NET_ADMIN))
		tell(report, VERDICT_WARNING, "capability", "sudo netlab ...",
		     "without CAP_NET_ADMIN netlab can be read, and not changed");
	else
		tell(report, VERDICT_OK, "capability", NULL,
		     "netlab can be read and changed");
}

static void check_family(struct report *report)
{
	if (!report->loaded)
		return;
	if (nl_has_family())
		tell(report, VERDICT_OK, "netlink", NULL,
		     "netlab answers in %s%s",
		     opts.netns ? "network namespace " : "this network namespace",
		     opts.netns ? opts.netns : "");
	else
		tell(report, VERDICT_PROBLEM, "netlink",
		     "modprobe -r netlab && modprobe netlab",
		     "the module is loaded, and generic netlink knows no family netlab: it comes or goes at this moment, or isn't this netlab");
}

/**
 * doctor() - Say what keeps netlab from being loaded or used.
 * @command: This command.
 * @values: Nothing.
 *
 * Return: STATUS_OK if nothing does, STATUS_NOT_LOADED if the module isn't
 * loaded, STATUS_REFUSED if there is another problem.
 */
enum status doctor(const struct command *command, const struct values *values)
{
	struct report report = { .worst = VERDICT_OK };
	enum status status;

	(void)command;
	(void)values;
	status = netns_enter();
	if (status)
		return status;
	if (opts.json)
		report.list = json_object_new_array();
	uname(&report.kernel);
	snprintf(report.modules, sizeof(report.modules), "/lib/modules/%s",
		 report.kernel.release);
	report.loaded = exists("/sys/module/netlab");
	find_module(&report);

	if (check_kernel(&report)) {
		check_module(&report);
		check_signature(&report);
		check_capabilities(&report);
		check_family(&report);
	}
	if (opts.json) {
		print_json(stdout, report.list);
		json_object_put(report.list);
	}
	if (report.worst != VERDICT_PROBLEM)
		return STATUS_OK;
	return report.loaded ? STATUS_REFUSED : STATUS_NOT_LOADED;
}
