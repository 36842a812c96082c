# SPDX-License-Identifier: MIT
# Steps through thousands of instructions, ten times as many under AddressSanitizer; slabs_test goes
# the same ways there.
shmwin_add_test(memory/slabs_kill NO_ASAN)
