/* SPDX-License-Identifier: BSD-2-Clause */
#include "weir.skel.h"

int main(void)
{
	return 0;
}
