/* SPDX-License-Identifier: MIT
 * Element types: what arrays, values and queues hold. A dtype is a pointer to something that stays
 * until the process ends: never freed, and equal types are equal pointers.
 *
 * All functions are local and safe from any thread.
 */
#ifndef SHMWIN_C_DTYPE_H
#define SHMWIN_C_DTYPE_H

#include "shmwin/c/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct shmwin_dtype shmwin_dtype;

/* What the bytes of an element mean. Stored in segments and files: never renumbered. */
enum shmwin_dtype_kind {
    SHMWIN_KIND_BOOLEAN = 1,
    SHMWIN_KIND_RAW_BYTE = 2,       /* no meaning */
    SHMWIN_KIND_CHARACTER = 3,      /* char: one byte of text */
    SHMWIN_KIND_WIDE_CHARACTER = 4, /* wchar_t */
    SHMWIN_KIND_UNICODE = 5,        /* UTF-8, UTF-16, UTF-32: one code unit */
    SHMWIN_KIND_SIGNED_INTEGER = 6,
    SHMWIN_KIND_UNSIGNED_INTEGER = 7,
    SHMWIN_KIND_FLOATING = 8,
    SHMWIN_KIND_COMPLEX = 9,      /* real, then imaginary part */
    SHMWIN_KIND_STRING = 10,      /* char[n]: text of at most n bytes, zeros behind it */
    SHMWIN_KIND_ENUMERATION = 11, /* an integer whose values have names */
    SHMWIN_KIND_ARRAY = 12,       /* elements of one type */
    SHMWIN_KIND_STRUCTURE = 13    /* members, each at its offset */
};

/* --- scalars -----------------------------------------------------------------------------------
 */

SHMWIN_API shmwin_dtype const* shmwin_dtype_bool(void); /* _Bool, bool of C++: one byte, 0 or 1 */
SHMWIN_API shmwin_dtype const* shmwin_dtype_byte(void); /* raw memory */
SHMWIN_API shmwin_dtype const* shmwin_dtype_char(void); /* text; for numbers: int8, uint8 */
SHMWIN_API shmwin_dtype const* shmwin_dtype_wchar(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_char8(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_char16(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_char32(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_int8(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_int16(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_int32(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_int64(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_uint8(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_uint16(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_uint32(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_uint64(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_float(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_double(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_long_double(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_complex_float(void); /* float complex */
SHMWIN_API shmwin_dtype const* shmwin_dtype_complex_double(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_complex_long_double(void);

/* The integers of C, with the width that they have here: one of those above. */
SHMWIN_API shmwin_dtype const* shmwin_dtype_short(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_int(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_long(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_long_long(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_unsigned_short(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_unsigned(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_unsigned_long(void);
SHMWIN_API shmwin_dtype const* shmwin_dtype_unsigned_long_long(void);

/* --- made of others ----------------------------------------------------------------------------
 */
/* Errors of these: INVALID_ARGUMENT, no type could be like that. */

/* A member of a structure: {"x", offsetof(particle, x), shmwin_dtype_double()} */
typedef struct shmwin_dtype_member {
    char const* name;
    size_t offset; /* in bytes, from the begin of the structure */
    shmwin_dtype const* type;
} shmwin_dtype_member;

/* A name of an enumeration's value. A value of 64 bits without sign has the same bits here. */
typedef struct shmwin_dtype_enumerator {
    char const* name;
    int64_t value;
} shmwin_dtype_enumerator;

/* A structure of `n_bytes`, padding included: sizeof(particle). Members in the order of their
 * offsets, not overlapping. Its alignment is what C gives it, or 1 where C would lay it out
 * otherwise (packed). The same members are the same type in every language. */
SHMWIN_API int shmwin_dtype_structure(shmwin_dtype_member const* members,
                                      size_t n_members,
                                      size_t n_bytes,
                                      shmwin_dtype const** type);
/* Text of at most n_bytes bytes: char[n_bytes]. */
SHMWIN_API int shmwin_dtype_string(size_t n_bytes, shmwin_dtype const** type);
/* element[extents[0]][extents[1]]...: 1 to 8 dimensions. */
SHMWIN_API int shmwin_dtype_array(shmwin_dtype const* element,
                                  int64_t const* extents,
                                  size_t n_extents,
                                  shmwin_dtype const** type);
/* An enumeration over an integer; the order of its names has no meaning. */
SHMWIN_API int shmwin_dtype_enumeration(shmwin_dtype const* underlying,
                                        shmwin_dtype_enumerator const* enumerators,
                                        size_t n_enumerators,
                                        shmwin_dtype const** type);
/* The type of this platform that has exactly this signature.
 * Errors: INVALID_ARGUMENT, there is none. */
SHMWIN_API int shmwin_dtype_of_signature(char const* signature, shmwin_dtype const** type);

/* --- what a type is ----------------------------------------------------------------------------
 */
/* 0, NULL, "" of NULL. */

/* "float64", "int32", "struct 24{x float64 @0, id int32[2] @8, on bool @16}". Stays. */
SHMWIN_API char const* shmwin_dtype_signature(shmwin_dtype const* type);
SHMWIN_API int shmwin_dtype_kind_of(shmwin_dtype const* type); /* enum shmwin_dtype_kind */
SHMWIN_API size_t shmwin_dtype_bytes(shmwin_dtype const* type);
SHMWIN_API size_t shmwin_dtype_alignment(shmwin_dtype const* type);
/* Bits of the significand of floating and complex types; else 0. */
SHMWIN_API int shmwin_dtype_digits(shmwin_dtype const* type);
/* Of an array its elements' type, of an enumeration its integer; else the type itself. */
SHMWIN_API shmwin_dtype const* shmwin_dtype_element(shmwin_dtype const* type);
/* Of an array. */
SHMWIN_API size_t shmwin_dtype_extents(shmwin_dtype const* type, int64_t const** extents);
/* Of a structure, by offset. Returns how many they are; names and types stay, the array too. */
SHMWIN_API size_t shmwin_dtype_members(shmwin_dtype const* type,
                                       shmwin_dtype_member const** members);
/* Of an enumeration, by value. */
SHMWIN_API size_t shmwin_dtype_enumerators(shmwin_dtype const* type,
                                           shmwin_dtype_enumerator const** enumerators);

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_C_DTYPE_H */
