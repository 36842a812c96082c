// SPDX-License-Identifier: MIT
// Model of barrier_state (include/shmwin/sync/barrier.hpp): all members meet ROUNDS times; up to
// KILLS of them are killed, at any step, and one of them may give up at a deadline. Explored by
// tests/support/model.sh.
//
// Shown: nobody leaves a meeting before all have come to it; each meeting is met for all or for
// none, also for who looks late; whoever is blamed is dead or gave up; a wake-up is never lost while
// nobody is killed, for then the model has no time-outs; with them, that is with slices of sleep,
// all get on whoever is killed at whatever step, also between completing a meeting and waking.

#define N 3
#define ROUNDS 2
#define KILLS 2

// fate: meetings so far * 2, or what broke in them.
#define BROKEN(w) ((w) & 1)
#define PARITY(w) ((w) & 2)
#define CULPRIT(w) ((w) >> 3)
#define BREACH(w, r) (1 | PARITY(w) | ((r) << 3))

byte arrivals = 0;
byte before = 0;
byte fate = 0;
byte n_sleepers = 0;
bool asleep[N + 1]; // in the kernel's queue
bool dead[N + 1];
bool gave_up[N + 1];
byte n_killed = 0;
byte entered[N + 1]; // how many meetings a member came to
bool met[ROUNDS + 1];
bool broken[ROUNDS + 1];

#ifdef BROKEN_WAKES_NOBODY
#define WAKE_ALL skip
#else
#define WAKE_ALL asleep[1] = false; asleep[2] = false; asleep[3] = false
#endif

// Each atomic block is one access to what is shared, and what the member makes of it by itself.
proctype member(byte me) {
    byte seen, now, was, sum;
    bool late;
    {
        skip;
call: // meet_at
        atomic {
            seen = 0; now = 0; was = 0; sum = 0; late = false;
            if
            :: entered[me] == ROUNDS -> goto end
            :: else -> entered[me]++; seen = fate; now = fate
            fi;
            if :: BROKEN(seen) -> goto judge :: else -> skip fi
        }
        was = before;
        atomic { // arrive_last: the lowest member may see the others before it adds itself
            if
            :: me == 1 && arrivals == was + N - 1 -> goto complete
            :: arrivals++ ->
               if :: arrivals == was + N -> goto complete :: else -> goto wait fi
            fi
        }
complete:
#ifndef BROKEN_COUNTS_LATE
        sum = arrivals;
        before = sum;
#endif
        atomic {
#ifdef BROKEN_COMPLETES_BLINDLY
            fate = seen + 2; now = fate
#else
            if :: fate == seen -> fate = seen + 2; now = fate :: else -> now = fate; goto judge fi
#endif
        }
#ifdef BROKEN_COUNTS_LATE
        sum = arrivals;
        before = sum;
#endif
        atomic { if :: n_sleepers == 0 -> goto judge :: else -> skip fi }
        atomic { WAKE_ALL; goto judge }

wait: // wait_while
        atomic { now = fate; if :: now != seen -> goto judge :: else -> n_sleepers++ fi }
        atomic { // FUTEX_WAIT
#ifdef BROKEN_SLEEPS_WITHOUT_LOOK
            asleep[me] = true
#else
            if :: fate == seen -> asleep[me] = true :: else -> skip fi
#endif
        }
        atomic {
            if
            :: !asleep[me] -> skip
            :: asleep[me] && n_killed > 0 -> asleep[me] = false // the slice is over
            :: asleep[me] && me == 2 -> asleep[me] = false; late = true // its deadline has passed
            fi;
            n_sleepers--
        }
        atomic {
            now = fate;
            if
            :: now != seen -> goto judge
            :: now == seen && late -> goto gives_up
            :: now == seen && !late && dead[1] -> sum = 1
            :: now == seen && !late && dead[2] -> sum = 2
            :: now == seen && !late && dead[3] -> sum = 3
            :: now == seen && !late && !dead[1] && !dead[2] && !dead[3] -> goto wait
            fi
        }
        atomic { // decide
#ifdef BROKEN_BREAKS_BLINDLY
            fate = BREACH(seen, sum)
#else
            if :: fate == seen -> fate = BREACH(seen, sum) :: else -> goto wait fi
#endif
        }
        atomic { sum = 0; if :: n_sleepers == 0 -> goto wait :: else -> WAKE_ALL; goto wait fi }
gives_up:
        atomic {
            if
            :: fate == seen -> fate = BREACH(seen, me); gave_up[me] = true; now = fate
            :: else -> now = fate; goto judge
            fi
        }
        atomic { if :: n_sleepers == 0 -> skip :: else -> WAKE_ALL fi }

judge:
        atomic {
            if
#ifdef BROKEN_FORGETS_PARITY
            :: BROKEN(now) ->
#else
            :: BROKEN(now) && PARITY(now) == PARITY(seen) ->
#endif
               broken[entered[me]] = true;
               assert(dead[CULPRIT(now)] || gave_up[CULPRIT(now)]);
               assert(!met[entered[me]]);
               goto end
            :: else ->
               met[entered[me]] = true;
               assert(!broken[entered[me]]);
               assert(entered[1] >= entered[me] && entered[2] >= entered[me]
                      && entered[3] >= entered[me]);
               goto call
            fi
        }
end:
        skip
    } unless { dead[me] }
}

// Its process is gone at once; when it leaves the kernel's queue is open.
proctype killer() {
    byte who;
    do
    :: n_killed < KILLS ->
       atomic {
           select(who : 1 .. N);
           if :: !dead[who] -> dead[who] = true; n_killed++ :: else -> skip fi;
           who = 0
       }
    :: break
    od
}

init { atomic { run member(1); run member(2); run member(3); run killer() } }
