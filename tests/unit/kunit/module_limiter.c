// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/limiter.c with a clock that stands until a test moves it.
 */
#include <linux/ktime.h>

#include "fake.h"

u64 netlab_test_time;

#undef ktime_get_ns
#define ktime_get_ns()	READ_ONCE(netlab_test_time)

#include "module/limiter.c"
