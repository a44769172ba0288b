/*
 * control.h: the socket on which the tool says "there is something new".
 *
 * A datagram socket `control` in the store's folder, for those who may write
 * there. What is said is a hint and carries no data: whoever could forge one
 * could only make us look. A datagram that is exactly "reload" asks for what
 * SIGHUP does; who asked so from an address of his own is told what became of
 * it, in one datagram:
 *
 *	reloaded REVISION
 *	kept REVISION REASON
 */
#ifndef QMGR_CONTROL_H
#define QMGR_CONTROL_H

#include "base/error.h"

struct ev_loop;
struct control;

/* Called in the loop, once for any number of datagrams that came together. */
struct control_handler {
	void (*poked)(void *ctx);
	void (*reload)(void *ctx);
	void *ctx;
};

int control_start(struct ev_loop *loop, const char *folder, const struct control_handler *handler,
		  struct control **ret_control, struct error *err);
void control_stopp(struct control **control); /* NULL is fine */

/* A reload begins: it answers all who have asked until now, and nobody who asks later. */
void control_reload_begins(struct control *control);
/* And ends: what they are told. Best effort; at most CONTROL_ASKERS_MAX are remembered. */
void control_reload_ends(struct control *control, const char *answer);
#define CONTROL_ASKERS_MAX 16

#endif
