// SPDX-License-Identifier: MIT
// Model of condition_state (include/shmwin/sync/condition_variable.hpp): two ranks put an item each
// where three others wait for one each. Then either one of those is killed while it waits, or there
// is a third item. Explored by tests/support/model.sh.
//
// Shown: no notification is lost while nobody is killed, for then the model has no time-outs, and
// each notification wakes one; with them, that is with slices of sleep, one who is killed eats
// none, also if it was the one that was woken: all who live get their items.

#define N_GETTERS 3

bool locked = false; // any lock; who dies with it is the lock's affair (mutex.pml)
byte n_items = 0;
byte word = 0; // notifications
byte n_sleepers = 0;
bool asleep[N_GETTERS + 1]; // in the kernel's queue
bool waits[N_GETTERS + 1];  // may be killed
bool dead[N_GETTERS + 1];
byte n_killed = 0;

#ifdef BROKEN_WAKES_NOBODY
#define WAKE_ONE skip
#else
// Any of them, one that has been killed but has not left the queue too.
#define WAKE_ONE \
    if :: asleep[1] -> asleep[1] = false :: asleep[2] -> asleep[2] = false \
       :: asleep[3] -> asleep[3] = false \
       :: !asleep[1] && !asleep[2] && !asleep[3] -> skip fi
#endif

// Each atomic block is one access to what is shared, and what the rank makes of it by itself.
proctype getter(byte me) {
    byte ticket;
    {
        atomic { !locked -> locked = true }
look:
        atomic {
            if
            :: n_items > 0 -> n_items--; locked = false; goto end
            :: else -> skip
            fi;
#ifndef BROKEN_TICKET_AFTER_UNLOCK
            ticket = word;
#endif
        }
        atomic { locked = false; waits[me] = true }
#ifdef BROKEN_TICKET_AFTER_UNLOCK
        ticket = word;
#endif
wait: // wait_while
        atomic { if :: word != ticket -> goto notified :: else -> skip fi }
        n_sleepers++;
        atomic { // FUTEX_WAIT
#ifdef BROKEN_SLEEPS_WITHOUT_LOOK
            asleep[me] = true
#else
            if :: word == ticket -> asleep[me] = true :: else -> skip fi
#endif
        }
        atomic {
            if
            :: !asleep[me]
#ifndef BROKEN_LOOKS_ONLY_WHEN_WOKEN
            :: asleep[me] && n_killed > 0 -> asleep[me] = false // the slice is over
#endif
            fi
        }
        atomic { n_sleepers--; goto wait }
notified:
        atomic { !locked -> locked = true; waits[me] = false; ticket = 0; goto look }
end:
        skip
    } unless { dead[me] }
}

inline put() {
    atomic { !locked -> locked = true; n_items++ }
    locked = false;
    word++; // notify_one
    atomic { if :: n_sleepers != 0 -> WAKE_ONE :: else -> skip fi }
}

proctype putter() { put() }

// Its process is gone at once; when it leaves the kernel's queue is open.
proctype killer() {
    if
    :: put()
    :: atomic { waits[1] -> dead[1] = true; n_killed++ }
    :: atomic { waits[2] -> dead[2] = true; n_killed++ }
    :: atomic { waits[3] -> dead[3] = true; n_killed++ }
    fi
}

init {
    atomic {
        run getter(1); run getter(2); run getter(3);
        run putter(); run putter();
        run killer()
    }
}
