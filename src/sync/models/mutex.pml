// SPDX-License-Identifier: MIT
// Model of mutex_state (include/shmwin/sync/mutex.hpp): ranks of one thread each lock, change the
// data, unlock, one of them twice; up to KILLS of them are killed, at any step. Explored by
// tests/support/model.sh.
//
// Shown: two never hold the lock; nobody gets half-changed data but through lock_to_repair(), and
// that one at a time; a wake-up is never lost while nobody is killed, for then the model has no
// time-outs; with them, that is with slices of sleep, all get on whoever is killed at whatever
// step, also between giving the lock back and waking.

#define N 3
#define KILLS 2

// The word: rank + 1, and the flags. Who died is only for the words of errors.
#define HOLDER(w) ((w) & 7)
#define SLEEPERS 8
#define INCONSISTENT 16
#define NOT_RECOVERABLE 32

byte word = 0;
bool asleep[N + 1]; // in the kernel's queue
bool dead[N + 1];
bool inside[N + 1];
byte n_killed = 0;
bool half_changed = false; // the data
bool to_be_repaired = false;

#ifdef BROKEN_WAKES_NOBODY
#define WAKE_ONE skip
#else
// Any of them, one that has been killed but has not left the queue too.
#define WAKE_ONE \
    if :: asleep[1] -> asleep[1] = false :: asleep[2] -> asleep[2] = false \
       :: asleep[3] -> asleep[3] = false \
       :: !asleep[1] && !asleep[2] && !asleep[3] -> skip fi
#endif
#define WAKE_ALL asleep[1] = false; asleep[2] = false; asleep[3] = false
#define ALIVE_INSIDE(r) (inside[r] && !dead[r])

// Each atomic block is one access to what is shared, and what the rank makes of it by itself.
proctype rank(byte me; byte rounds) {
    byte seen, others;
    {
        skip;
lock: // mutex_state::lock
        atomic {
            seen = 0;
            others = 0;
            if
            :: rounds == 0 -> goto end
            :: rounds > 0 && word == 0 -> rounds--; word = me; goto locked
            :: rounds > 0 && word != 0 -> rounds--
            fi
        }
look: // mutex_state::wait
        atomic {
            seen = word;
            if
            :: HOLDER(seen) != 0 -> goto held
            :: HOLDER(seen) == 0 && (seen & NOT_RECOVERABLE) -> goto end
            :: HOLDER(seen) == 0 && !(seen & NOT_RECOVERABLE) -> skip
            fi // inconsistent: lock() throws owner_died, and the rank calls lock_to_repair()
        }
        atomic {
            if
            :: word == seen ->
               word = me | (seen & INCONSISTENT) | others;
               if :: seen & INCONSISTENT -> goto to_repair :: else -> goto locked fi
            :: else -> goto look
            fi
        }
held:
        atomic {
            if
            :: seen & SLEEPERS -> skip
            :: !(seen & SLEEPERS) && word == seen -> seen = seen | SLEEPERS; word = seen
            :: !(seen & SLEEPERS) && word != seen -> goto look
            fi
        }
        atomic { if :: word == seen -> asleep[me] = true :: else -> skip fi } // FUTEX_WAIT
        atomic {
#ifndef BROKEN_FORGETS_OTHER_SLEEPERS
            others = SLEEPERS;
#endif
            if
            :: !asleep[me] -> goto look
            :: n_killed > 0 -> asleep[me] = false // the slice is over
            fi;
            if :: dead[HOLDER(seen)] -> skip :: else -> goto look fi
        }
        atomic { // mutex_state::end_of_dead
            if
#ifdef BROKEN_STORES_BLINDLY
            :: word = INCONSISTENT; to_be_repaired = true
#else
#ifdef BROKEN_FORGETS_THE_DEATH
            :: word == seen -> word = 0
#else
            :: word == seen -> word = INCONSISTENT; to_be_repaired = true
#endif
            :: word != seen -> goto look
#endif
            fi
        }
        atomic { WAKE_ALL; goto look }

locked:
        atomic {
            assert(!ALIVE_INSIDE(1) && !ALIVE_INSIDE(2) && !ALIVE_INSIDE(3));
            assert(!half_changed && !to_be_repaired);
            inside[me] = true;
            half_changed = true
        }
        atomic { half_changed = false; inside[me] = false; goto unlock }

to_repair:
        atomic {
            assert(!ALIVE_INSIDE(1) && !ALIVE_INSIDE(2) && !ALIVE_INSIDE(3));
            assert(to_be_repaired);
            inside[me] = true
        }
        atomic {
            half_changed = false;
            inside[me] = false;
            if
            :: word = word & ~INCONSISTENT; to_be_repaired = false // mark_consistent
            :: skip // it cannot
            fi
        }

unlock: // mutex_state::unlock
        atomic { if :: word == me -> word = 0; goto lock :: else -> skip fi }
        atomic { // mutex_state::give_back
            seen = word;
            if :: seen & INCONSISTENT -> word = NOT_RECOVERABLE :: else -> word = 0 fi;
            if :: seen & SLEEPERS -> skip :: else -> goto lock fi
        }
        atomic { if :: seen & INCONSISTENT -> WAKE_ALL :: else -> WAKE_ONE fi; goto lock }
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

init { atomic { run rank(1, 2); run rank(2, 1); run rank(3, 1); run killer() } }
