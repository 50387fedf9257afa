/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connects, asks, reads the answer and closes, one connection after another for so many seconds,
 * by itself and a child each; then prints "PID PORT" of each.
 *
 *     connect ADDRESS PORT SECONDS
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 100000

static unsigned short ports[CONNECTIONS_MAX];

/* The local port, or 0. */
static unsigned short connect_once(const struct sockaddr_in *server)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	struct sockaddr_in local;
	socklen_t size = sizeof(local);
	char answer[4096];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(&local, 0, sizeof(local));
	if (fd >= 0 && !connect(fd, (const struct sockaddr *)server, sizeof(*server)) &&
	    !getsockname(fd, (struct sockaddr *)&local, &size) &&
	    send(fd, request, sizeof(request) - 1, 0) > 0) {
		while (recv(fd, answer, sizeof(answer), 0) > 0)
			;
	}
	close(fd);
	return ntohs(local.sin_port);
}

int main(int argc, char **argv)
{
	struct sockaddr_in server = { .sin_family = AF_INET };
	size_t count = 0;
	time_t end;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
		return 2;
	server.sin_port = htons((unsigned short)atoi(argv[2]));
	fork();
	for (end = time(NULL) + atoi(argv[3]); time(NULL) < end && count < CONNECTIONS_MAX; count++)
		ports[count] = connect_once(&server);
	wait(NULL); /* one after the other */
	for (size_t i = 0; i < count; i++)
		printf("%d %u\n", getpid(), ports[i]);
	return 0;
}
