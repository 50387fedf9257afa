/* SPDX-License-Identifier: BSD-2-Clause */
#include "pane_clock.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../base/clock.h"

/* What is less is the jitter of reading two clocks one after the other. */
#define CLOCK_STEP_NS 1000000

struct pane_moment pane_moment_now(void)
{
	int64_t offset_ns = clock_wall_offset_ns();

	return (struct pane_moment){ clock_monotonic_ns(), offset_ns };
}

/* A timer that never expires, but is cancelled where the clock is set (timerfd_create(2)). */
static void set_timer_arm(int fd)
{
	const struct itimerspec never = { .it_value = { .tv_sec = UINT32_MAX } };

	timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

void pane_clock_open(struct pane_clock *clock, const struct pane_clock_config *config)
{
	*clock = (struct pane_clock){ .config = *config };
	/* Without it, that the clock was set is seen at the end of the pane. */
	clock->set_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (clock->set_fd >= 0)
		set_timer_arm(clock->set_fd);
}

void pane_clock_close(struct pane_clock *clock)
{
	if (clock->set_fd >= 0)
		close(clock->set_fd);
	clock->set_fd = -1;
}

/* Lays the grid, on which the pane that begins now has its place. */
static void grid_lay(struct pane_clock *clock, const struct pane_moment *moment)
{
	uint64_t pane_ns = clock->config.pane_ns;
	uint64_t wall_ns = moment->now_ns + (uint64_t)moment->offset_ns;
	uint64_t since_ns = clock->config.is_aligned ? wall_ns % pane_ns : 0;

	clock->offset_ns = moment->offset_ns;
	clock->index = clock->config.is_aligned ? wall_ns / pane_ns : 0;
	clock->place_ns = moment->now_ns - since_ns;
}

void pane_clock_start(struct pane_clock *clock, const struct pane_moment *moment)
{
	clock->start_ns = clock->begin_ns = moment->now_ns;
	grid_lay(clock, moment);
}

uint64_t pane_clock_deadline_ns(const struct pane_clock *clock)
{
	uint64_t deadline_ns = clock->place_ns + clock->config.pane_ns;
	uint64_t end_ns = clock->start_ns + clock->config.duration_ns;

	return clock->config.duration_ns && end_ns < deadline_ns ? end_ns : deadline_ns;
}

bool pane_clock_is_over(const struct pane_clock *clock, uint64_t now_ns)
{
	uint64_t duration_ns = clock->config.duration_ns;

	return duration_ns && now_ns >= clock->start_ns + duration_ns;
}

bool pane_clock_was_set(const struct pane_clock *clock)
{
	struct pollfd set = { .fd = clock->set_fd, .events = POLLIN };

	return poll(&set, 1, 0) > 0;
}

/* The next place; further on where the pane came late. */
static void grid_advance(struct pane_clock *clock, uint64_t now_ns)
{
	uint64_t pane_ns = clock->config.pane_ns, places = 1;

	if (now_ns > clock->place_ns + pane_ns)
		places = (now_ns - clock->place_ns) / pane_ns;
	clock->index += places;
	clock->place_ns += places * pane_ns;
}

static bool was_set(struct pane_clock *clock, const struct pane_moment *moment)
{
	int64_t change_ns = moment->offset_ns - clock->offset_ns;
	uint64_t expirations;

	/* Else it would be readable for ever. */
	if (clock->set_fd >= 0 && read(clock->set_fd, &expirations, sizeof(expirations)) < 0 &&
	    errno == ECANCELED)
		set_timer_arm(clock->set_fd);
	return change_ns > CLOCK_STEP_NS || change_ns < -CLOCK_STEP_NS;
}

void pane_clock_turn(struct pane_clock *clock, const struct pane_moment *moment,
		     struct pane *pane)
{
	pane->index = clock->index;
	pane->begin_ns = clock->begin_ns;
	pane->end_ns = moment->now_ns;
	pane->since_place_ns = clock->begin_ns > clock->place_ns ?
			       clock->begin_ns - clock->place_ns : 0;
	pane->clock_offset_ns = clock->offset_ns;
	pane->ends_grid = was_set(clock, moment);
	clock->begin_ns = moment->now_ns;
	if (pane->ends_grid)
		grid_lay(clock, moment);
	else
		grid_advance(clock, moment->now_ns);
}
