/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NETLAB_COMPAT_LINUX_COMPILER_H
#define _NETLAB_COMPAT_LINUX_COMPILER_H

#include_next <linux/compiler.h>

#ifndef __flatten
#define __flatten	__attribute__((__flatten__))
#endif

#endif /* _NETLAB_COMPAT_LINUX_COMPILER_H */
