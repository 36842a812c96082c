// SPDX-License-Identifier: MIT
// Nothing: who compiles it makes the precompiled headers of the tests.
