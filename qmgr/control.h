/*
 * control.h: the socket on which the tool says "there is something new".
 *
 * A datagram socket `control` in the store's folder. What is said is a hint
 * and carries no data: whoever could forge one could only make us look.
 */
#ifndef QMGR_CONTROL_H
#define QMGR_CONTROL_H

#include "base/error.h"

struct ev_loop;
struct control;

int control_start(struct ev_loop *loop, const char *folder, void (*poked)(void *ctx), void *ctx,
		  struct control **ret_control, struct error *err);
void control_stopp(struct control **control); /* NULL is fine */

#endif
