#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""netlab doctor: each thing that can be wrong is made to be, and what it says mends it where this machine can.

What a kernel says of itself is put over its files in a mount namespace of the tool's own.
"""
import glob
import json
import os
import platform
import shlex
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "net", "lib"))
import tap
import topology as net

RELEASE = platform.release()
MODULES = f"/lib/modules/{RELEASE}"
UPDATES = f"{MODULES}/updates/dkms"
SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
MOK = "/var/lib/dkms/mok.pub"
NOBODY = ("setpriv", "--reuid", "65534", "--clear-groups")


def over(path, text):
    """A shell's words that make a file say something else."""
    return f"f=$(mktemp); printf {shlex.quote(text)} >$f; mount --bind $f {path}"


def empty(path):
    return f"mount -t tmpfs none {path}"


def doctor(*before, who=(), options=("-j",), command="doctor"):
    """(exit code, {check: row}) behind some commands, in a mount namespace of its own."""
    script = "set -e; mount --make-rprivate /; " + "".join(f"{line}; " for line in before)
    script += " ".join(shlex.quote(word) for word in ("exec", *who, net.NETLAB, *options, command))
    done = net.run("unshare", "-m", "sh", "-c", script, check=False)
    if done.stderr:
        raise RuntimeError(done.stderr)
    rows = json.loads(done.stdout)
    if len({row["check"] for row in rows}) != len(rows):
        raise RuntimeError(f"one thing twice: {rows}")
    return done.returncode, {row["check"]: row for row in rows}


def says(told, code, check, verdict, words, command, what):
    """One result: the exit code, and one row of it; all others are well, or are looked at elsewhere."""
    got, rows = told
    row = rows.get(check, {})
    return tap.ok(got == code and row.get("verdict") == verdict and words in row.get("text", "") and row.get("command") == command,
                  what, f"exit {got}", *rows.values())


def loaded():
    told = doctor()
    tap.equal((told[0], {check: row["verdict"] for check, row in told[1].items()}),
              (0, dict.fromkeys(("kernel", "module", "signature", "capability", "netlink"), "ok")), "all is well: exit 0")
    tap.equal({row["command"] for row in told[1].values()}, {None}, "and nothing is to be mended")
    with open("/sys/module/netlab/version", encoding="ascii") as f:
        tap.ok(f.read().strip() in told[1]["module"]["text"], "it tells the version", told[1]["module"])
    net.add_namespace("left")
    told = doctor(options=("-j", "-n", "left"))
    says(told, 0, "netlink", "ok", "network namespace left", None, "of another namespace, too")
    says(doctor(over("/sys/module/netlab/version", "0.0.9\\n")), 0, "module", "warning", "netlab 0.0.9 is loaded",
         "modprobe -r netlab && modprobe netlab", "another version is loaded")
    says(doctor(who=NOBODY), 0, "capability", "warning", "can be read, and not changed", "sudo netlab ...", "without CAP_NET_ADMIN")
    says(doctor(over("/proc/sys/kernel/modules_disabled", "1\\n")), 0, "kernel", "ok", RELEASE, None,
         "where it is loaded it is no matter that no more can be")
    told = doctor(empty("/sys/kernel/security"), "echo 'none [integrity] confidentiality' >/sys/kernel/security/lockdown")
    says(told, 0, "signature", "ok", "and took netlab", None, "nor that the kernel is locked down")
    text = net.run(net.NETLAB, "doctor")
    tap.ok(text.count("\nok ") == 4 and text.startswith("ok ") and max(map(len, text.splitlines())) < 80, "text for a person", text)
    for words in (("-n", "nowhere", "doctor"), ("doctor", "x"), ("-w", "1", "doctor"), ("-e", "doctor")):
        done = net.run(net.NETLAB, *words, check=False)
        tap.ok(done.returncode == 1 and done.stderr.startswith("netlab: ") and not done.stdout, f"{' '.join(words)}: exit 1", done)


def unloaded():
    net.run("rmmod", "netlab")
    # The machine's modules can't be written to: a copy that can.
    net.run("mount", "-t", "tmpfs", "none", "/mnt")
    tap.at_end(lambda: net.run("umount", "/mnt"))
    for name in "upper", "work":
        os.mkdir("/mnt/" + name)
    net.run("mount", "-t", "overlay", "-o", f"lowerdir={MODULES},upperdir=/mnt/upper,workdir=/mnt/work", "none", MODULES)
    tap.at_end(lambda: net.run("umount", MODULES))
    shutil.rmtree(UPDATES, ignore_errors=True)
    for name in "build", "source":
        if os.path.islink(f"{MODULES}/{name}"):
            os.unlink(f"{MODULES}/{name}")

    told = doctor()
    says(told, 3, "headers", "problem", RELEASE, f"apt install linux-headers-{RELEASE}", "no headers: exit 3")
    says(told, 3, "module", "problem", "isn't installed", "make install", "and so no module")
    tap.ok("netlink" not in told[1], "nothing is said of its family", told)
    os.makedirs(f"{MODULES}/build")
    with open(f"{MODULES}/build/Makefile", "w", encoding="ascii"):
        pass
    shutil.copy(net.NETLAB_KO, f"{MODULES}/build/netlab.ko")
    told = doctor()
    tap.ok("headers" not in told[1], "with headers that is well", told)
    says(told, 3, "module", "problem", "isn't installed", "make install", "what is only built isn't installed")
    says(doctor(empty("/var/lib"), "mkdir -p /var/lib/dkms/netlab"), 3, "module", "problem", "isn't installed", "dkms autoinstall",
         "where DKMS knows it, DKMS builds it")
    says(doctor(empty("/lib/modules")), 3, "module", "problem", "was upgraded", "reboot", "the running kernel's modules are gone")

    os.makedirs(UPDATES)
    shutil.copy(net.NETLAB_KO, UPDATES)
    says(doctor(), 3, "module", "problem", f"{UPDATES}/netlab.ko", "modprobe netlab", "it is installed, and not loaded")
    says(doctor(over("/proc/sys/kernel/modules_disabled", "1\\n")), 3, "kernel", "problem", "modules_disabled", "reboot",
         "kernel.modules_disabled")
    says(doctor(who=NOBODY), 3, "capability", "problem", "CAP_SYS_MODULE", "sudo modprobe netlab", "without CAP_SYS_MODULE")

    locked = empty("/sys/kernel/security"), "echo 'none integrity [confidentiality]' >/sys/kernel/security/lockdown"
    dkms = empty("/var/lib"), f"mkdir -p /var/lib/dkms; touch {MOK}"
    says(doctor(*locked, *dkms), 3, "signature", "problem", "locked down, and netlab is not signed",
         f"mokutil --import {MOK} && reboot", "locked down and unsigned: a key is to be enrolled")
    says(doctor(*locked, empty("/var/lib")), 3, "signature", "problem", "is not signed", "dkms generate_mok && make install",
         "where there is no key yet, one is to be made")
    told = doctor(*locked, *dkms, empty("/sys/firmware"), f"mkdir -p {os.path.dirname(SECURE_BOOT)}",
                  f"printf '\\6\\0\\0\\0\\1' >{SECURE_BOOT}")
    says(told, 3, "signature", "problem", "(Secure Boot is on)", f"mokutil --import {MOK} && reboot", "Secure Boot is told of")
    says(doctor(over("/sys/module/module/parameters/sig_enforce", "Y\\n"), *dkms), 3, "signature", "problem", "signed modules only",
         f"mokutil --import {MOK} && reboot", "module.sig_enforce")
    with open(f"{UPDATES}/netlab.ko", "ab") as f:
        f.write(b"~Module signature appended~\n")
    says(doctor(*locked), 3, "signature", "warning", "must trust the key", f"mokutil --test-key {MOK}", "locked down and signed")
    os.rename(f"{UPDATES}/netlab.ko", f"{UPDATES}/netlab.ko.xz")
    says(doctor(*locked), 3, "signature", "warning", "must trust the key", f"mokutil --test-key {MOK}", "what is compressed may be signed")
    os.unlink(f"{UPDATES}/netlab.ko.xz")
    says(doctor(empty("/sys/module"), "mkdir /sys/module/netlab"), 2, "netlink",
         "problem", "no family netlab", "modprobe -r netlab && modprobe netlab", "loaded, and no family: exit 2")

    # What it says does it.
    shutil.copy(net.NETLAB_KO, UPDATES)
    depmod()
    _, rows = doctor()
    net.run("sh", "-c", rows["module"]["command"])
    told = doctor()
    tap.equal((told[0], {row["verdict"] for row in told[1].values()}), (0, {"ok"}), "its command loads it, and then all is well")


def depmod():
    """depmod's answer for netlab alone: of all modules that there are it takes minutes on a slow machine."""
    base = f"/mnt/base{MODULES}"
    files = [f"{UPDATES}/netlab.ko"] + glob.glob(f"{MODULES}/modules.order") + glob.glob(f"{MODULES}/modules.builtin*")
    for name in filter(None, net.run("modinfo", "-F", "depends", net.NETLAB_KO).strip().split(",")):
        files += [line.split()[1] for line in net.run("modprobe", "--show-depends", name).splitlines() if line.startswith("insmod")]
    for path in files:
        copy = base + path[len(MODULES):]
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copy(path, copy)
    net.run("depmod", "-b", "/mnt/base", RELEASE)
    for path in glob.glob(f"{base}/modules.*"):
        shutil.copy(path, MODULES)


def main():
    loaded()
    unloaded()


tap.run(main)
