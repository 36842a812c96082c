// SPDX-License-Identifier: MIT
// docs: the docstrings of what is bound directly, in numpydoc's form.
//
// Layer: python.
#pragma once

namespace shmwin::python::docs {

// --- groups ------------------------------------------------------------------------------------

inline constexpr char const* create = R"(Create an array of zeros. Node, collective.

Parameters
----------
name : str
    At most 255 bytes of UTF-8 with the group's; ``/`` nests.
shape : int or sequence of int
    In elements; at most 8 dimensions.
dtype : dtype_like
    Any but objects, dates, half precision and another byte order; structures, text and subarrays
    too. Default: float64.
order : {"C", "F"}
    Which index is next to itself: the last, the first.
touch : {"by_rows", "interleave", "later"}
    Whose memory it becomes: each rank its rows; all in turn, for tables; whoever writes first.
align : int
    Of the first element, in bytes: a power of two.
saved : bool
    Checkpoints hold it.
whole_pages : bool
    Nothing else shares its pages: for freeze(protect=True).

Returns
-------
numpy.ndarray
    Over the bytes that all ranks share. They stay mapped as long as it, or a view of it, lives.

Raises
------
AlreadyExists, InvalidArgument
    Also a ``ValueError``; on all ranks.
OutOfMemory, NoSpace
    Also a ``MemoryError``; nothing changed.
TypeError
    NumPy's type cannot be shared; on this rank.
Disagreement
    Ranks pass different arguments.
PeerLeft
    A rank raised an exception, returned, exited or died.
Closed
    The segment is closed.)";

inline constexpr char const* adopt =
    R"(Enter an ndarray of each rank under a name. Node, collective.

Nothing is copied; the ndarray is kept until the name is destroyed or the segment closed.

Parameters
----------
name : str
array : numpy.ndarray
    Of any strides; type and shape are the same on all ranks.
shared : bool
    All ranks' arrays show the same memory. Otherwise each rank has a copy of its own: rank 0's is
    saved, and each rank restores its own.
saved : bool
    Checkpoints hold it.

Returns
-------
numpy.ndarray
    The same memory; read-only if `array` is.)";

inline constexpr char const* freeze = R"(Make an array read-only in all ranks. Node, collective.

Arrays that were handed out, by create() or find(), can no longer be written to, nor can those
that find() gives from now on. Views that were taken before can.

Parameters
----------
array : numpy.ndarray or str
    What create() or find() gave, a view of it, or its name.
protect : bool
    Write-protect its pages, too: whatever writes to them, in any rank, gets SIGSEGV there and then.
    Only for arrays created with ``whole_pages=True``.)";

inline constexpr char const* thaw = R"(End freeze(). Node, collective.

Parameters
----------
array : numpy.ndarray or str
protect : bool
    As it was frozen.)";

inline constexpr char const* rows = R"(Rows of dimension 0 that are a rank's. Local.

Parameters
----------
array : numpy.ndarray, Levels, str or int
    What create() or find() gave, a view of it, its name; or a number of rows.
rank : int, optional
    Default: this rank.

Returns
-------
slice
    ``u[seg.rows(u)]`` are mine; the ranks' slices share all rows as evenly as can be.)";

inline constexpr char const* prefix = "What its names begin with; \"\" of the segment.";

// --- segments ----------------------------------------------------------------------------------

inline constexpr char const* fence = R"(Wait until all ranks have come. Node, collective.

All stores before it, by any rank, are visible to all ranks after it. Drives MPI while it waits, and
lets other threads run; Ctrl-C ends it, and this rank's part.

Parameters
----------
ranks : sequence of int, optional
    These alone; all others go on.

Raises
------
PeerLeft
    A rank raised an exception, returned, exited or died.
Disagreement
    Ranks are in different calls.
Closed)";

inline constexpr char const* close = R"(End the segment for all. Node, collective.

Arrays that were handed out stay valid. A second close() does nothing.)";

inline constexpr char const* leave = R"(End this rank's part before the others'. Local.

Parameters
----------
why : str
    What the others get to read in PeerLeft.)";

inline constexpr char const* trim = R"(Give free memory back to the system. Node, collective.

Returns
-------
int
    Bytes given back.)";

inline constexpr char const* verify = R"(Check every invariant of heap and directory. Local.

Parameters
----------
limit : int
    How many violations are told at most.

Returns
-------
list of str
    Violations; empty if all is well.)";

inline constexpr char const* report = "What every rank does, holds and waits for, in words. Local.";
inline constexpr char const* is_open = "False after close() and leave(), and in a forked child.";
inline constexpr char const* rank = "This rank's number among those that share the segment.";
inline constexpr char const* n_ranks = "How many ranks share the segment.";
inline constexpr char const* capacity = "Bytes for objects.";
inline constexpr char const* backing = "Where the memory comes from: \"mpi_window\" or \"memfd\".";

// --- levels ------------------------------------------------------------------------------------

inline constexpr char const* levels = R"(Create time levels of zeros. Node, collective.

Parameters
----------
name, shape, dtype, order, touch, align, saved, whole_pages
    As of create(), for one level.
levels : int
    How many there are, at least 2.

Returns
-------
Levels
    One of them is `now`, the same on all ranks.)";

inline constexpr char const* levels_class = R"(Time levels: arrays of one shape under one name.

``now()`` is what all read, ``next()`` what all write, and ``flip()`` makes one the other.)";

inline constexpr char const* now = "The current level, read-only. Take it once a step. Local.";
inline constexpr char const* next = "The level that flip() makes the current one. Local.";
inline constexpr char const* ago = R"(The level that was now some flips ago, read-only. Local.

Parameters
----------
steps : int
    0 is now(); less than len().

Raises
------
OutOfRange
    Also an ``IndexError``.)";
inline constexpr char const* level = R"(A level by its place in memory. Local.

Parameters
----------
which : int
    0 or more; less than len().)";
inline constexpr char const* flip = R"(Make next() the current one, for all. Node, collective.

One fence: what was written to next() before, all see in now() after.)";
inline constexpr char const* levels_rows = R"(Rows of dimension 0 that are a rank's. Local.

Parameters
----------
rank : int, optional
    Default: this rank.

Returns
-------
slice)";
inline constexpr char const* index_of_now = "The place of now() in memory.";
inline constexpr char const* levels_shape = "Of one level.";
inline constexpr char const* levels_dtype = "Of the elements.";

// --- values ------------------------------------------------------------------------------------

inline constexpr char const* value = R"(Create an atomic value. Node, collective.

Parameters
----------
name : str
dtype : dtype_like
    Of 1, 2, 4 or 8 bytes. Default: int64.
initial : optional
    What it begins with; rank 0's. Default: zeros.

Returns
-------
AtomicValue)";

inline constexpr char const* value_class = R"(An atomic that all ranks share.

Every operation is local and sequentially consistent. Integers are Python's ``int``; one that does
not fit is an ``OverflowError``. Arithmetic needs a number, bits need an integer: else TypeMismatch.)";

inline constexpr char const* get = "What is there. Local.";
inline constexpr char const* set = R"(Store. Local.

Parameters
----------
value
    What is there from now on. Who waits needs a notify().)";
inline constexpr char const* value_property = "get() and set().";
inline constexpr char const* exchange = R"(Store; what was there before. Local.

Parameters
----------
value)";
inline constexpr char const* compare_exchange =
    R"(Store if what is there is what was expected. Local.

Parameters
----------
expected, desired

Returns
-------
stored : bool
seen
    What was there.)";
inline constexpr char const* fetch_add = R"(Add; what was there before. Local.

Parameters
----------
change
    Integers go around at their ends.)";
inline constexpr char const* fetch_sub = R"(Subtract; what was there before. Local.

Parameters
----------
change)";
inline constexpr char const* fetch_min = R"(Leave the lesser; what was there before. Local.

Parameters
----------
other)";
inline constexpr char const* fetch_max = R"(Leave the greater; what was there before. Local.

Parameters
----------
other)";
inline constexpr char const* fetch_and =
    R"(Leave the bits set in both; what was there before. Local.

Parameters
----------
bits)";
inline constexpr char const* fetch_or = R"(Set bits; what was there before. Local.

Parameters
----------
bits)";
inline constexpr char const* fetch_xor = R"(Flip bits; what was there before. Local.

Parameters
----------
bits)";
inline constexpr char const* wait = R"(Wait until the value is another than `old`. Local.

Whoever changes it calls notify() afterwards. Lets other threads run; Ctrl-C ends it.

Parameters
----------
old
    Bits are compared.
timeout : float, optional
    In seconds. Default: none.

Returns
-------
value
    What was seen last; `old` if the time is over.

Raises
------
PeerLeft
    A rank left or died: it may be the one that is waited for.
Closed
    This rank closed the segment.)";
inline constexpr char const* notify = "Make all who wait for the value look again. Local.";
inline constexpr char const* value_dtype = "Of the value.";

// --- checkpoints -------------------------------------------------------------------------------

inline constexpr char const* list = "All checkpoints of this store, oldest first, by their names.";
inline constexpr char const* pin = R"(Keep a file from retention, in this job and all later ones.

Parameters
----------
file : str or os.PathLike

Raises
------
NotFound
    It is none of this store's. Also a ``KeyError``.)";
inline constexpr char const* unpin = R"(End pin().

Parameters
----------
file : str or os.PathLike)";
inline constexpr char const* pinned = "The pinned ones, oldest first.";
inline constexpr char const* discard_after = R"(Remove the checkpoints of later steps.

Parameters
----------
step : int

Returns
-------
list of pathlib.Path
    What was removed, newest first.)";
inline constexpr char const* close_store =
    "End this rank's use of the store. Local: waits for nothing.";

} // namespace shmwin::python::docs
