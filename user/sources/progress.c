/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <unistd.h>

#include "../base/clock.h"
#include "progress.h"

#define NS_PER_SECOND 1000000000ull
#define INTERVAL_NS   (NS_PER_SECOND / 4)
#define LINE_MAX_LEN  79
#define ERASE_LINE    "\r\033[K"

void progress_start(struct progress *progress, bool wanted)
{
	*progress = (struct progress){ .shown = wanted && isatty(STDERR_FILENO) };
	if (!progress->shown)
		return;
	progress->begin_ns = clock_monotonic_ns();
	progress->next_ns = progress->begin_ns + INTERVAL_NS;
}

const char *progress_text(const struct replay_progress *replay, uint64_t elapsed_ns, char *buffer,
			  size_t size)
{
	double seconds = (double)elapsed_ns / 1e9, share = 0;
	double packets_m = (double)replay->packets / 1e6;
	char head[16] = "", tail[32] = "";

	if (replay->size)
		share = (double)replay->bytes / (double)replay->size;
	if (share > 1)
		share = 1;
	if (share > 0) {
		snprintf(head, sizeof(head), "%3.0f %%  ", 100 * share);
		snprintf(tail, sizeof(tail), "  %.0f s left", seconds / share - seconds);
	}
	snprintf(buffer, size, "%s%.1f M packets  %.1f M packets/s%s", head, packets_m,
		 packets_m / seconds, tail);
	return buffer;
}

void progress_update(struct progress *progress, const struct replay *replay)
{
	struct replay_progress now;
	char line[LINE_MAX_LEN + 1];
	uint64_t now_ns;

	if (!progress->shown)
		return;
	now_ns = clock_monotonic_ns();
	if (now_ns < progress->next_ns)
		return;
	now = replay_progress(replay);
	fprintf(stderr, ERASE_LINE "%s",
		progress_text(&now, now_ns - progress->begin_ns, line, sizeof(line)));
	fflush(stderr);
	progress->next_ns = now_ns + INTERVAL_NS;
	progress->drawn = true;
}

void progress_stop(struct progress *progress)
{
	if (!progress->drawn)
		return;
	fputs(ERASE_LINE, stderr);
	fflush(stderr);
	progress->drawn = false;
}
