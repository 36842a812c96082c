// SPDX-License-Identifier: MIT
// Model of rendezvous (include/shmwin/sync/rendezvous.hpp, arrivals.hpp): all ranks meet ROUNDS
// times, each time with or without work for the centre, as one of them decides alone; any of them
// may be killed, at any step. Explored by tests/support/model.sh.
//
// Shown: nobody is out of a meeting before all have come to it; each meeting is met for all or for
// none, also for who looks late, whether at the centre or without it; no meeting without the centre
// passes over work that a rank brought; whoever gives up does so because somebody died; a wake-up
// is never lost while nobody is killed, for then the model has no time-outs; with them, that is
// with slices of sleep, all get on whoever is killed at whatever step.

#define N 3
#define ROUNDS 2

// A rank's word: number * 4, and what it says.
#define PLAIN 0
#define CENTRE 1
#define ABANDONED 2
#define NUMBER(w) ((w) >> 2)
#define SAYS(w) ((w) & 3)

byte word[N + 1];
byte bell_word = 0;
byte bell_sleepers = 0;
bool bell_asleep[N + 1]; // in the kernel's queue
bool missing = false; // first_missing
byte arrivals = 0; // the centre
byte before = 0;
byte generation = 0;
byte fate_of = 0; // generation + 1 that was decided last, and how: the rank that completes, or 0
byte fate_how = 0;

bool dead[N + 1];
bool met[ROUNDS + 1];
bool lost[ROUNDS + 1];
bool brought_work[ROUNDS + 1];

#define WAKE(asleep) asleep[1] = false; asleep[2] = false; asleep[3] = false
#define SOMEBODY_DIED (dead[1] || dead[2] || dead[3])

// Rings the bell: if anybody sleeps, changes the word and wakes. Who looks at the word between
// the two has looked for arrivals after it, and sees this one.
#ifdef BROKEN_WAKES_NOBODY
#define RING(next) goto next
#else
#define RING(next) \
    if :: bell_sleepers == 0 -> goto next \
       :: else -> bell_word++; WAKE(bell_asleep); goto next fi
#endif

// What a rank that has ended knew: fewer states.
#define FORGET \
    number = 0; seen = 0; other = 0; heard = 0; now = 0; at_centre = false; counted = false

// Each atomic block is one access to what is shared, and what the rank makes of it by itself.
proctype rank(byte me) {
    byte number = 0, seen, other, heard, now;
    bool at_centre, counted;
    {
        skip;
call:
        atomic { // the check at the beginning
            seen = 0; other = 0; heard = 0; now = 0; at_centre = false; counted = false;
            if
            :: number == ROUNDS -> goto end
            :: number < ROUNDS && missing -> number++; goto gives_up
            :: number < ROUNDS && !missing -> skip
            fi;
            if // all kinds would be too many states
            :: (me == 3 && number == 0) || (me == 1 && number == 1) -> at_centre = true
            :: skip
            fi
        }
        atomic {
            seen = word[me];
            if
            :: SAYS(seen) == ABANDONED -> number++; goto gives_up
            :: else -> number++
            fi
        }
        atomic { // arrive
            if
            :: word[me] == seen ->
               word[me] = number * 4 + (at_centre -> CENTRE : PLAIN);
               if :: at_centre -> brought_work[number] = true :: else -> skip fi
#ifdef BROKEN_ARRIVES_BLINDLY
            :: word[me] != seen -> word[me] = number * 4
#else
            :: word[me] != seen -> goto gives_up
#endif
            fi;
            seen = 0;
            other = 1
        }
        atomic { RING(look) }

look: // arrivals::look, one word after the other
        atomic {
            if
            :: at_centre -> goto centre
            :: !at_centre -> skip
            fi;
            if
            :: other > N -> goto leaves
            :: other <= N && other == me -> other++; goto look
            :: other <= N && other != me && NUMBER(word[other]) > number -> goto leaves
            :: other <= N && other != me && NUMBER(word[other]) < number -> skip
            :: other <= N && other != me && word[other] == number * 4 -> other++; goto look
            :: other <= N && NUMBER(word[other]) == number && SAYS(word[other]) == ABANDONED ->
               goto withdraws
#ifdef BROKEN_MEETS_WITHOUT_THE_CENTRE
            :: other <= N && NUMBER(word[other]) == number && SAYS(word[other]) == CENTRE ->
               other++; goto look
#else
            :: other <= N && NUMBER(word[other]) == number && SAYS(word[other]) == CENTRE ->
               goto centre
#endif
            fi
        }
        // Somebody has not come: sleeps. The count stands before the looks.
#ifndef BROKEN_COUNTS_ITSELF_LATE
        atomic {
            if
            :: !counted -> counted = true; bell_sleepers++; heard = bell_word; goto look
            :: counted -> skip
            fi
        }
#endif
        atomic { // FUTEX_WAIT
            if
            :: bell_word == heard -> bell_asleep[me] = true
            :: else -> skip
            fi
        }
#ifdef BROKEN_COUNTS_ITSELF_LATE
        atomic { if :: !counted -> counted = true; bell_sleepers++ :: else -> skip fi }
#endif
        atomic {
            if
            :: !bell_asleep[me] -> heard = bell_word; goto look
            :: bell_asleep[me] && SOMEBODY_DIED -> bell_asleep[me] = false // the slice is over
            fi
        }
        atomic { // the check
            if
            :: missing -> seen = 1
            :: !missing && SOMEBODY_DIED -> missing = true; seen = 1
            :: !missing && !SOMEBODY_DIED -> heard = bell_word; goto look
            fi
        }
abandon: // seen: whose word is next
        atomic {
            do
            :: seen <= N && NUMBER(word[seen]) != number - 1 -> seen++ // and will not be
            :: else -> break
            od;
            if
            :: seen > N -> seen = 0; goto rings
            :: seen <= N -> now = word[seen]
            fi
        }
        atomic {
#ifdef BROKEN_ABANDONS_BLINDLY
            word[seen] = number * 4 + ABANDONED;
#else
            if :: word[seen] == now -> word[seen] = number * 4 + ABANDONED :: else -> skip fi;
#endif
            now = 0;
            seen++;
            goto abandon
        }
rings:
        atomic { heard = bell_word; RING(look) }

leaves: // met without the centre
        atomic {
            if :: counted -> counted = false; bell_sleepers-- :: else -> skip fi;
            assert(!brought_work[number]);
            goto out
        }

centre:
        atomic {
            if :: counted -> counted = false; bell_sleepers-- :: else -> skip fi;
            other = 0; heard = 0;
            now = generation; // nobody changes it before this rank adds itself
            if // the first rank may see the others before
            :: me == 1 && arrivals == before + N - 1 -> goto complete
            :: arrivals++ ->
               if :: arrivals == before + N -> goto complete :: else -> goto wait fi
            fi
        }
complete: // decide
        atomic {
            if
#ifdef BROKEN_COMPLETES_BLINDLY
            :: fate_of = now + 1; fate_how = me
#else
            :: fate_of == now + 1 -> goto withdraws
            :: fate_of != now + 1 -> fate_of = now + 1; fate_how = me
#endif
            fi
        }
        atomic { before = arrivals; generation = now + 1; goto out }

wait: // wait_while, which is in the model of barrier
        atomic {
            if
            :: generation != now -> goto out
            :: generation == now && SOMEBODY_DIED -> missing = true
            fi
        }
        atomic { // decide
            if
            :: fate_of != now + 1 -> fate_of = now + 1; fate_how = 0
            :: fate_of == now + 1 -> skip
            fi
        }
        atomic { // it is being completed, unless who does it died
            if
            :: generation != now -> goto out
            :: generation == now && fate_how != 0 && !dead[fate_how] -> goto wait
            :: generation == now && (fate_how == 0 || dead[fate_how]) -> goto withdraws
            fi
        }

out:
        atomic {
            other = 0; heard = 0; seen = 0; now = 0;
            met[number] = true;
            assert(!lost[number]);
            at_centre = false;
            assert(NUMBER(word[1]) >= number && NUMBER(word[2]) >= number
                   && NUMBER(word[3]) >= number);
            goto call
        }

withdraws:
        atomic {
            if :: counted -> counted = false; bell_sleepers-- :: else -> skip fi;
            word[me] = number * 4 + ABANDONED
        }
        atomic { RING(gives_up) }
gives_up:
        atomic {
            lost[number] = true;
            assert(SOMEBODY_DIED);
            assert(!met[number])
        }
end:
        atomic { FORGET }
    } unless { atomic { dead[me] -> bell_asleep[me] = false; FORGET } }
}

proctype killer() {
    if
    :: dead[1] = true
    :: dead[2] = true
    :: dead[3] = true
    :: skip
    fi
}

init { atomic { run rank(1); run rank(2); run rank(3); run killer() } }
