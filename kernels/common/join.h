// SPDX-License-Identifier: Apache-2.0
// Joins two tokens after expanding them.
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
