/* SPDX-License-Identifier: MIT
 * The C program of a job of several programs (MPMD), each of one rank and in its own language:
 *     mpirun -n 1 of_cpp : -n 1 of_c : ...
 *
 * All make the same objects, each with the types of its language: that they are the same is what
 * agrees, or does not. Then each in the order of its rank checks every element as the one before it
 * left it, and writes it anew; in the end each checks what the last one left.
 *
 * What each program does, all collective calls in this order:
 *   1. node of MPI_COMM_WORLD, segment of 32 MiB
 *   2. arrays of 3 x 4 elements, in C order, by these names and of these types:
 *        bool byte char wchar char8 char16 char32 int8 int16 int32 int64 uint8 uint16 uint32 uint64
 *        float double long_double complex_float complex_double complex_long_double
 *        text (string of 8 bytes), state (enumeration over uint8: red=0, green=1, blue=2),
 *        table (fixed array of int16, 2 x 3), sample (the structure below)
 *      and `fortran`, of int32, in Fortran order; then the value `visits`, of int64, 0
 *   3. for each rank r: a fence; rank r checks stage r - 1 (if r > 0), writes stage r, and adds 1
 * to `visits`
 *   4. a fence; all check stage (number of ranks - 1), and that `visits` is the number of ranks
 *   5. a fence, close of the segment, close of the node
 *
 * Element (i, j) in stage s is made of n = 12 * s + 4 * i + j:
 *   bool: n is odd               signed integers: n is odd ? MIN + n : MAX - n
 *   char: 'A' + n % 26           unsigned ones, byte, char8, char16, char32: MAX - n
 *   wchar: 0x1F600 + n           float: (n - 5) / 8
 *   double: (n - 5) / 8 + 2^-40  long double: (n - 5) / 8 + 2^-60
 *   complex of each: real part as that one's n, imaginary part as minus that one's n + 1
 *   text: "n" and n in decimals  state: n % 3           table: element (a, b) is 10 n + 3 a + b
 *   sample: x = n / 2, id = {n, -n}, on = n is odd, tag = as text, z = (n, -n), state = n % 3
 */
#include "shmwin.h"

#include <mpi.h>

#include <complex.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum { n_rows = 3, n_columns = 4, n_elements = n_rows * n_columns };

typedef struct sample {
    double x;
    int32_t id[2];
    bool on;
    char tag[8];
    float complex z;
    uint8_t state;
} sample;

typedef struct text {
    char bytes[8];
} text;
typedef struct table {
    int16_t at[2][3];
} table;

static int n_wrong = 0;

static void check(int status) {
    if (status == SHMWIN_SUCCESS) return;
    fprintf(stderr, "C: %s\n", shmwin_last_error());
    MPI_Abort(MPI_COMM_WORLD, 1);
}
#define CHECK(call) check(SHMWIN_HERE(call))

/* --- the elements: make_NAME(n) ----------------------------------------------------------------
 */

/* With GCC and clang, as C11 says it: real and imaginary parts without arithmetic. */
static float complex complex_of_floats(float re, float im) {
    float complex z = 0;
    float const parts[2] = {re, im};
    memcpy(&z, parts, sizeof z);
    return z;
}
static double complex complex_of_doubles(double re, double im) {
    double complex z = 0;
    double const parts[2] = {re, im};
    memcpy(&z, parts, sizeof z);
    return z;
}
static long double complex complex_of_long_doubles(long double re, long double im) {
    long double complex z = 0;
    long double parts[2];
    memset(parts, 0, sizeof parts);
    parts[0] = re;
    parts[1] = im;
    memcpy(&z, parts, sizeof z);
    return z;
}

static bool make_bool(int n) {
    return n % 2 != 0;
}
static unsigned char make_byte(int n) {
    return (unsigned char)(UCHAR_MAX - n);
}
static char make_char(int n) {
    return (char)('A' + n % 26);
}
static wchar_t make_wchar(int n) {
    return (wchar_t)(0x1F600 + n);
}
static uint8_t make_char8(int n) {
    return (uint8_t)(UINT8_MAX - n);
}
static uint16_t make_char16(int n) {
    return (uint16_t)(UINT16_MAX - n);
}
static uint32_t make_char32(int n) {
    return UINT32_MAX - (uint32_t)n;
}
static int8_t make_int8(int n) {
    return (int8_t)(n % 2 != 0 ? INT8_MIN + n : INT8_MAX - n);
}
static int16_t make_int16(int n) {
    return (int16_t)(n % 2 != 0 ? INT16_MIN + n : INT16_MAX - n);
}
static int32_t make_int32(int n) {
    return n % 2 != 0 ? INT32_MIN + n : INT32_MAX - n;
}
static int64_t make_int64(int n) {
    return n % 2 != 0 ? INT64_MIN + n : INT64_MAX - n;
}
static uint8_t make_uint8(int n) {
    return (uint8_t)(UINT8_MAX - n);
}
static uint16_t make_uint16(int n) {
    return (uint16_t)(UINT16_MAX - n);
}
static uint32_t make_uint32(int n) {
    return UINT32_MAX - (uint32_t)n;
}
static uint64_t make_uint64(int n) {
    return UINT64_MAX - (uint64_t)n;
}
static float make_float(int n) {
    return (float)(n - 5) / 8;
}
static double make_double(int n) {
    return (double)(n - 5) / 8 + 1.0 / (double)(1LL << 40);
}
static long double make_long_double(int n) {
    return (long double)(n - 5) / 8 + 1.0L / (long double)(1LL << 60);
}
static float complex make_complex_float(int n) {
    return complex_of_floats(make_float(n), -make_float(n + 1));
}
static double complex make_complex_double(int n) {
    return complex_of_doubles(make_double(n), -make_double(n + 1));
}
static long double complex make_complex_long_double(int n) {
    return complex_of_long_doubles(make_long_double(n), -make_long_double(n + 1));
}
static text make_text(int n) {
    text made;
    memset(&made, 0, sizeof made);
    snprintf(made.bytes, sizeof made.bytes, "n%d", n);
    return made;
}
static uint8_t make_state(int n) {
    return (uint8_t)(n % 3);
}
static table make_table(int n) {
    table made;
    int a;
    int b;
    for (a = 0; a < 2; ++a)
        for (b = 0; b < 3; ++b)
            made.at[a][b] = (int16_t)(10 * n + 3 * a + b);
    return made;
}
static sample make_sample(int n) {
    sample made;
    memset(&made, 0, sizeof made);
    made.x = 0.5 * n;
    made.id[0] = n;
    made.id[1] = -n;
    made.on = make_bool(n);
    memcpy(made.tag, make_text(n).bytes, sizeof made.tag);
    made.z = complex_of_floats((float)n, (float)-n);
    made.state = make_state(n);
    return made;
}
static int32_t make_fortran(int n) {
    return make_int32(n);
}

/* --- are two equal? ----------------------------------------------------------------------------
 */

static bool is_same_text(text a, text b) {
    return memcmp(&a, &b, sizeof a) == 0;
}
static bool is_same_table(table a, table b) {
    return memcmp(&a, &b, sizeof a) == 0;
}
static bool is_same_sample(sample a, sample b) {
    return a.x == b.x && a.id[0] == b.id[0] && a.id[1] == b.id[1] && a.on == b.on
           && memcmp(a.tag, b.tag, sizeof a.tag) == 0 && a.z == b.z && a.state == b.state;
}
#define IS_EQUAL(a, b) ((a) == (b))

/* --- for each name: its C type, how two are compared -------------------------------------------
 */

#define FOR_EACH_SCALAR(DO)                                                                        \
    DO(bool, bool, IS_EQUAL)                                                                       \
    DO(byte, unsigned char, IS_EQUAL)                                                              \
    DO(char, char, IS_EQUAL)                                                                       \
    DO(wchar, wchar_t, IS_EQUAL)                                                                   \
    DO(char8, uint8_t, IS_EQUAL)                                                                   \
    DO(char16, uint16_t, IS_EQUAL)                                                                 \
    DO(char32, uint32_t, IS_EQUAL)                                                                 \
    DO(int8, int8_t, IS_EQUAL)                                                                     \
    DO(int16, int16_t, IS_EQUAL)                                                                   \
    DO(int32, int32_t, IS_EQUAL)                                                                   \
    DO(int64, int64_t, IS_EQUAL)                                                                   \
    DO(uint8, uint8_t, IS_EQUAL)                                                                   \
    DO(uint16, uint16_t, IS_EQUAL)                                                                 \
    DO(uint32, uint32_t, IS_EQUAL)                                                                 \
    DO(uint64, uint64_t, IS_EQUAL)                                                                 \
    DO(float, float, IS_EQUAL)                                                                     \
    DO(double, double, IS_EQUAL)                                                                   \
    DO(long_double, long double, IS_EQUAL)                                                         \
    DO(complex_float, float complex, IS_EQUAL)                                                     \
    DO(complex_double, double complex, IS_EQUAL)                                                   \
    DO(complex_long_double, long double complex, IS_EQUAL)
#define FOR_EACH_OTHER(DO)                                                                         \
    DO(text, text, is_same_text)                                                                   \
    DO(state, uint8_t, IS_EQUAL)                                                                   \
    DO(table, table, is_same_table)                                                                \
    DO(sample, sample, is_same_sample)                                                             \
    DO(fortran, int32_t, IS_EQUAL)

/* Where element (i, j) is, counted in elements. */
static size_t place_of(char const* name, int k) {
    int const i = k / n_columns;
    int const j = k % n_columns;
    return (size_t)(strcmp(name, "fortran") == 0 ? j * n_rows + i : k);
}

static void* found(shmwin_segment* segment, char const* name, size_t n_bytes) {
    shmwin_array* array = NULL;
    void* data;
    CHECK(shmwin_array_find(segment, name, &array));
    if (shmwin_dtype_bytes(shmwin_array_dtype(array)) != n_bytes) {
        fprintf(stderr, "C: %s has another size\n", name);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    data = shmwin_array_data(array);
    shmwin_array_free_handle(array);
    return data;
}

#define DEFINE_WRITE_AND_COMPARE(name, type, is_equal)                                             \
    static void write_##name(shmwin_segment* segment, int stage) {                                 \
        type* const elements = (type*)found(segment, #name, sizeof(type));                         \
        int k;                                                                                     \
        for (k = 0; k < n_elements; ++k)                                                           \
            elements[place_of(#name, k)] = make_##name(n_elements * stage + k);                    \
    }                                                                                              \
    static void compare_##name(shmwin_segment* segment, int stage) {                               \
        type const* const elements = (type const*)found(segment, #name, sizeof(type));             \
        int k;                                                                                     \
        for (k = 0; k < n_elements; ++k) {                                                         \
            type const expected = make_##name(n_elements * stage + k);                             \
            if (is_equal(elements[place_of(#name, k)], expected)) continue;                        \
            fprintf(stderr, "C: %s of stage %d: element %d is wrong\n", #name, stage, k);          \
            ++n_wrong;                                                                             \
        }                                                                                          \
    }
FOR_EACH_SCALAR(DEFINE_WRITE_AND_COMPARE)
FOR_EACH_OTHER(DEFINE_WRITE_AND_COMPARE)

static void write_all(shmwin_segment* segment, int stage) {
#define WRITE(name, type, is_equal) write_##name(segment, stage);
    FOR_EACH_SCALAR(WRITE)
    FOR_EACH_OTHER(WRITE)
}

static void compare_all(shmwin_segment* segment, int stage) {
#define COMPARE(name, type, is_equal) compare_##name(segment, stage);
    FOR_EACH_SCALAR(COMPARE)
    FOR_EACH_OTHER(COMPARE)
}

/* --- the objects -------------------------------------------------------------------------------
 */

static void create(shmwin_segment* segment, char const* name, shmwin_dtype const* type, int order) {
    int64_t const shape[] = {n_rows, n_columns};
    shmwin_array_options options = SHMWIN_ARRAY_OPTIONS_INIT;
    shmwin_array* made = NULL;
    options.order = order;
    CHECK(shmwin_array_create(segment, name, type, 2, shape, &options, &made));
    shmwin_array_free_handle(made);
}

static void create_others(shmwin_segment* segment) {
    shmwin_dtype_enumerator const colours[] = {{"red", 0}, {"green", 1}, {"blue", 2}};
    int64_t const two_by_three[] = {2, 3};
    int64_t const two = 2;
    shmwin_dtype const *eight_bytes, *state, *small_table, *two_ids, *whole;
    shmwin_dtype_member members[6] = {{"x", offsetof(sample, x), NULL},
                                      {"id", offsetof(sample, id), NULL},
                                      {"on", offsetof(sample, on), NULL},
                                      {"tag", offsetof(sample, tag), NULL},
                                      {"z", offsetof(sample, z), NULL},
                                      {"state", offsetof(sample, state), NULL}};
    CHECK(shmwin_dtype_string(8, &eight_bytes));
    CHECK(shmwin_dtype_enumeration(shmwin_dtype_uint8(), colours, 3, &state));
    CHECK(shmwin_dtype_array(shmwin_dtype_int16(), two_by_three, 2, &small_table));
    CHECK(shmwin_dtype_array(shmwin_dtype_int32(), &two, 1, &two_ids));
    members[0].type = shmwin_dtype_double();
    members[1].type = two_ids;
    members[2].type = shmwin_dtype_bool();
    members[3].type = eight_bytes;
    members[4].type = shmwin_dtype_complex_float();
    members[5].type = state;
    CHECK(shmwin_dtype_structure(members, 6, sizeof(sample), &whole));
    create(segment, "text", eight_bytes, SHMWIN_ORDER_C);
    create(segment, "state", state, SHMWIN_ORDER_C);
    create(segment, "table", small_table, SHMWIN_ORDER_C);
    create(segment, "sample", whole, SHMWIN_ORDER_C);
    create(segment, "fortran", shmwin_dtype_int32(), SHMWIN_ORDER_FORTRAN);
}

static shmwin_value* create_all(shmwin_segment* segment) {
    shmwin_value* visits = NULL;
#define CREATE(name, type, is_equal) create(segment, #name, shmwin_dtype_##name(), SHMWIN_ORDER_C);
    FOR_EACH_SCALAR(CREATE)
    create_others(segment);
    CHECK(shmwin_value_create(segment, "visits", shmwin_dtype_int64(), NULL, &visits));
    return visits;
}

int main(int argc, char** argv) {
    shmwin_segment_options options = SHMWIN_SEGMENT_OPTIONS_INIT;
    shmwin_node* node = NULL;
    shmwin_segment* segment = NULL;
    shmwin_value* visits;
    int rank, size, r;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    options.capacity = (size_t)32 << 20;
    CHECK(shmwin_node_open(MPI_COMM_WORLD, &node));
    CHECK(shmwin_segment_open(node, &options, &segment));
    visits = create_all(segment);
    for (r = 0; r < size; ++r) {
        CHECK(shmwin_segment_fence(segment));
        if (r != rank) continue;
        if (r > 0) compare_all(segment, r - 1);
        write_all(segment, r);
        shmwin_int64_fetch_add(shmwin_value_int64(visits), 1);
    }
    CHECK(shmwin_segment_fence(segment));
    compare_all(segment, size - 1);
    if (shmwin_int64_load(shmwin_value_int64(visits)) != size) ++n_wrong;
    CHECK(shmwin_segment_fence(segment));
    shmwin_value_free_handle(visits);
    CHECK(shmwin_segment_close(segment));
    shmwin_segment_free_handle(segment);
    CHECK(shmwin_node_close(node));
    shmwin_node_free_handle(node);
    MPI_Finalize();
    if (n_wrong == 0) printf("C: %d programs see the same\n", size);
    return n_wrong == 0 ? 0 : 1;
}
