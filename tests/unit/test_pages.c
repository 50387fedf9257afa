/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../user/kernel/pages.h"

static void aligned_pages_begin_where_a_huge_page_may(void **state)
{
	const size_t sizes[] = { 1, PAGE_BYTES, HUGE_PAGE_BYTES - 1, 3 * HUGE_PAGE_BYTES + 5 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char *pages = pages_allocate_aligned(sizes[i]);

		assert_non_null(pages);
		assert_int_equal((uintptr_t)pages % HUGE_PAGE_BYTES, 0);
		pages_free(pages, sizes[i]);
	}
}

static void all_of_aligned_pages_is_zero_and_can_be_written(void **state)
{
	const size_t size = HUGE_PAGE_BYTES + 3 * PAGE_BYTES;
	char *pages = pages_allocate_aligned(size);
	size_t zeros = 0;

	(void)state;
	assert_non_null(pages);
	pages_prefer_huge(pages, size);
	for (size_t i = 0; i < size; i++)
		zeros += !pages[i]++;
	assert_int_equal(zeros, size);
	pages_free(pages, size);
}

static void memory_that_cannot_be_had_is_null(void **state)
{
	(void)state;
	assert_null(pages_allocate_aligned(SIZE_MAX / 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligned_pages_begin_where_a_huge_page_may),
		cmocka_unit_test(all_of_aligned_pages_is_zero_and_can_be_written),
		cmocka_unit_test(memory_that_cannot_be_had_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
