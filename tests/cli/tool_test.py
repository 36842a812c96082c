# SPDX-License-Identifier: MIT
"""The command `shmwin`, started as users do: no mpirun.

usage: tool_test.py SHMWIN MAKE_CHECKPOINTS     (in a folder of its own)
"""
import csv
import json
import os
import shutil
import subprocess
import sys
import unittest

try:
    import h5py
    import numpy as np
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

shmwin, maker = (os.path.abspath(path) for path in sys.argv[1:3])
COMMANDS = ["ls", "info", "verify", "diff", "stat", "extract", "prune", "pin", "unpin", "xdmf"]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=100, **options)


def path_of(step, store="run/state"):
    return f"{store}-{step:012d}.h5"


def setUpModule():
    for name in ("run", "work", "odd names"):
        shutil.rmtree(name, ignore_errors=True)
    subprocess.run([maker, "run/state"], check=True)


class Tool(unittest.TestCase):
    def setUp(self):
        shutil.rmtree("work", ignore_errors=True)
        shutil.copytree("run", "work")
        self.file = path_of(30, "work/state")

    def tool(self, *arguments, status=0):
        done = run(shmwin, *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.errors = done.stderr
        return done.stdout

    def json(self, *arguments, status=0):
        return json.loads(self.tool(*arguments, "--json", status=status))

    def offset_of(self, name):
        with h5py.File(self.file, "r") as f:
            return f[name].id.get_offset()

    def flip(self, offset, file=None):
        with open(file or self.file, "r+b") as f:
            f.seek(offset)
            byte = f.read(1)[0]
            f.seek(offset)
            f.write(bytes([byte ^ 0x10]))

    def repack(self, target, *options):
        if not shutil.which("h5repack"):
            self.skipTest("no h5repack")
        # Filters for data sets by name: it fails at those that have no elements.
        subprocess.run(["h5repack", *options, self.file, target], check=True)

    # --- all of them

    def test_help_of_each_has_examples(self):
        listed = self.tool("--help")
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", listed)
            self.assertIn(f"Examples:\n  shmwin {command} ", self.tool(command, "--help"))

    def test_wrong_use_is_trouble(self):
        for arguments in ((), ("nonsense",), ("ls",), ("ls", "a", "b"), ("diff", "a"),
                          ("verify", "--jobs", "0", "run"), ("diff", "--abs", "-1", "a", "b"),
                          ("prune", "run/state"), ("extract", self.file, "odd")):
            self.assertEqual(self.tool(*arguments, status=2), "")
            self.assertTrue(self.errors, arguments)

    def test_errors_say_what_and_why(self):
        with open("work/other.txt", "w") as f:
            f.write("no HDF5")
        with h5py.File("work/other.h5", "w") as f:
            f["x"] = 1
        for arguments, text in ((("info", "none.h5"), "No such file"),
                                (("stat", "work/other.txt"), "not HDF5"),
                                (("info", "work/other.h5"), "no checkpoint"),
                                (("ls", "nowhere/state"), "no checkpoint found"),
                                (("ls", "work/other"), "no checkpoint found")):
            self.tool(*arguments, status=2)
            self.assertRegex(self.errors, rf"^shmwin: .*{text}.*\)\n$")

    def test_output_that_cannot_be_written_is_trouble(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([shmwin, "ls", "work"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 2, done.stderr)

    def test_version(self):
        self.assertRegex(self.tool("--version"), r"^shmwin \d+\.\d+\.\d+\n$")

    # --- ls

    def test_ls_marks_the_newest_and_names_parents(self):
        lines = self.tool("ls", "work").splitlines()
        self.assertEqual(lines[0], "work/state")
        rows = [line.split() for line in lines[2:]]
        self.assertEqual([row[0] for row in rows], ["10", "20", "*"])
        self.assertIn("step 10", lines[3])
        self.assertRegex(lines[2], r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
        found = self.json("ls", "work/state")["checkpoints"]
        self.assertEqual([each["step"] for each in found], [10, 20, 30])
        self.assertEqual([each["time"] for each in found], [2.5, 5.0, 7.5])
        self.assertEqual([each["newest"] for each in found], [False, False, True])
        self.assertEqual([each["state"] for each in found], ["whole"] * 3)
        self.assertEqual([each["parent_uuid"] for each in found],
                         ["", found[0]["uuid"], found[1]["uuid"]])
        self.assertEqual(found[0]["bytes"], os.path.getsize(path_of(10)))

    def test_ls_says_why_one_is_not_whole(self):
        with open(self.file, "r+b") as f:
            f.truncate(5000)
        shutil.copy(path_of(10), "work/.state-000000000040.h5.tmp")
        found = self.json("ls", "work", status=1)["checkpoints"]
        self.assertEqual([each["state"] for each in found],
                         ["whole", "whole", "damaged", "unfinished"])
        self.assertEqual([each["newest"] for each in found], [False, True, False, False])
        self.assertIn("not whole", found[2]["why"])
        self.assertIn("state-000000000030.h5: ", self.tool("ls", "work", status=1))

    def test_ls_lists_all_stores_and_single_files(self):
        subprocess.run([maker, "work/other-run", "10"], check=True)
        found = self.json("ls", "work")["checkpoints"]
        self.assertEqual(len(found), 4)
        self.assertEqual({each["store"] for each in found}, {"work/state", "work/other-run"})
        self.assertEqual(sum(each["newest"] for each in found), 2)
        self.assertEqual(len(self.json("ls", "work/other-run")["checkpoints"]), 1)
        self.assertEqual(len(self.json("ls", self.file)["checkpoints"]), 1)

    def test_names_that_are_no_utf8_do_not_break_json(self):
        folder = b"odd names/\xff\"\\\n"
        os.makedirs(folder)
        shutil.copy(path_of(10), folder + b"/a-1.h5")
        found = self.json("ls", folder)["checkpoints"]
        self.assertEqual(found[0]["file"], 'odd names/\ufffd"\\\n/a-1.h5')

    # --- info

    def test_info_shows_labels_attributes_and_objects(self):
        found = self.json("info", self.file)
        with h5py.File(self.file, "r") as f:
            self.assertEqual(found["uuid"], f.attrs["uuid"].decode())
            self.assertEqual(found["created_ns"], f.attrs["created_ns"])
            names = [name.decode() for name in f[".shmwin/objects"][()]]
            blocks = len(f[".shmwin/checksums"])
        self.assertEqual((found["step"], found["time"], found["n_ranks"]), (30, 7.5, 1))
        self.assertEqual(found["attributes"], {"run": 'größe "1"', "sizes": [1, 2], "dt": 0.125})
        self.assertEqual([each["name"] for each in found["objects"]], names)
        self.assertEqual(found["checksums"],
                         {"algorithm": "XXH3_128bits", "blocks": blocks, "block_bytes": 262144})
        objects = {each["name"]: each for each in found["objects"]}
        u = objects["fields/u"]
        self.assertEqual((u["type"], u["shape"], u["kind"], u["levels"], u["layout"], u["bytes"]),
                         ("float64", [200, 700], "levels", 2, "contiguous", 200 * 700 * 8))
        self.assertEqual((objects["left"]["order"], objects["left"]["shape"]), ("Fortran", [3, 4]))
        text = self.tool("info", self.file)
        for part in ("größe", "200 x 700", "struct 32{", "attribute dt"):
            self.assertIn(part, text)

    def test_info_shows_how_chunks_are_stored(self):
        self.repack("work/packed.h5", "-f", "fields/u:SHUF", "-f", "fields/u:GZIP=3",
                    "-l", "fields/u:CHUNK=50x70")
        found = self.json("info", "work/packed.h5")
        u = next(each for each in found["objects"] if each["name"] == "fields/u")
        self.assertEqual(u["layout"], "chunks of 50 x 70")
        self.assertEqual(u["filters"], ["shuffle", "deflate 3"])
        self.assertLess(u["stored_bytes"], u["bytes"])
        self.assertFalse(found["as_written"])

    # --- verify

    def test_verify_finds_intact_files(self):
        for jobs in ("1", "3"):
            found = self.json("verify", "--jobs", jobs, "work")["files"]
            self.assertEqual([each["verdict"] for each in found], ["intact"] * 3)
        self.assertIn(f"{self.file}: intact", self.tool("verify", self.file))

    def test_verify_names_object_and_block(self):
        self.flip(self.offset_of("fields/u") + 262144 + 5)
        self.flip(self.offset_of("fields/u") + 200 * 700 * 8 - 1)
        self.flip(self.offset_of("swarm"))
        for jobs in ("1", "4"):
            found = self.json("verify", "-j", jobs, "work/state", status=1)["files"]
            self.assertEqual([each["verdict"] for each in found], ["intact", "intact", "damaged"])
            self.assertEqual(found[2]["problems"],
                             ["fields/u, block 1 (bytes 262144 to 524287)",
                              "fields/u, block 4 (bytes 1048576 to 1119999)",
                              "swarm, block 0 (bytes 0 to 95)"])

    def test_verify_finds_damage_of_the_structure(self):
        with open(self.file, "r+b") as f:
            f.truncate(os.path.getsize(self.file) - 100)
        self.assertIn("damaged", self.tool("verify", self.file, status=1))
        with open(self.file, "wb"):
            pass
        self.assertIn("no checkpoint", self.tool("verify", self.file, status=2))

    def test_verify_tells_repacked_from_damaged(self):
        both = "fields/u,left:"
        for options in ((), ("-f", both + "GZIP=1"), ("-l", "left,swarm:COMPA"),
                        ("-l", both + "CHUNK=3x2", "-f", both + "SHUF", "-f", both + "GZIP=1")):
            self.repack("work/packed.h5", *options)
            self.assertIn("repacked", self.tool("verify", "work/packed.h5"))
        with h5py.File("work/packed.h5", "r+") as f:
            f["fields/u"][199, 699] += 1
            f["left"][0, 0] += 1
        found = self.json("verify", "-j", "2", "work/packed.h5", status=1)["files"][0]
        self.assertEqual(found["problems"], ["fields/u, block 4 (bytes 1048576 to 1119999)",
                                             "left, block 0 (bytes 0 to 47)"])

    def test_compressed_ones_are_read_like_others(self):
        subprocess.run([maker, "packed", "work/packed"], check=True)
        packed = path_of(10, "work/packed")
        u = next(each for each in self.json("info", packed)["objects"]
                 if each["name"] == "fields/u")
        self.assertEqual(u["filters"], ["shuffle", "deflate 1"])
        self.assertLess(u["stored_bytes"], u["bytes"])
        self.assertIn(f"{packed}: intact", self.tool("verify", "--jobs", "2", packed))
        self.tool("diff", "--nan-equal", packed, path_of(10))
        self.tool("stat", packed)
        with h5py.File(packed, "r+") as f:
            f["fields/u"][199, 699] += 1
        self.assertIn("fields/u, block 4", self.tool("verify", packed, status=1))

    def test_changed_byte_of_a_chunk_is_named_with_its_blocks(self):
        subprocess.run([maker, "packed", "work/torn"], check=True)
        packed = path_of(10, "work/torn")
        with h5py.File(packed) as f:
            chunk = f["fields/u"].id.get_chunk_info(0)
        with open(packed, "r+b") as f:
            f.seek(chunk.byte_offset + chunk.size // 2)
            byte = f.read(1)[0]
            f.seek(-1, os.SEEK_CUR)
            f.write(bytes([byte ^ 1]))
        for jobs in "1", "2":
            found = self.json("verify", "--jobs", jobs, packed, status=1)["files"][0]
            self.assertEqual(found["verdict"], "damaged")
            self.assertEqual(found["problems"][0], "fields/u, block 0 (bytes 0 to 262143)")
            self.assertTrue(all(each.startswith("fields/u, block") for each in found["problems"]))
        self.tool("stat", packed, status=2)

    # --- diff: of files that h5py has edited, so that their checksums are wrong

    def test_diff_of_equal_files(self):
        other = path_of(30)
        self.assertEqual(self.tool("diff", "--nan-equal", self.file, other), "")
        self.assertEqual(self.tool("diff", self.file, other, status=1),
                         "odd: 2 of 6 elements differ, by at most 0, relative 0; "
                         "first at (1): nan, and nan\n")
        self.repack("work/packed.h5", "-l", "fields/u:CHUNK=7x9", "-f", "fields/u:GZIP=1")
        self.tool("diff", "--nan-equal", "work/packed.h5", other)

    def test_diff_counts_and_measures(self):
        found = self.json("diff", "--nan-equal", self.file, path_of(10), status=1)
        self.assertFalse(found["equal"])
        u = next(each for each in found["objects"] if each["name"] == "fields/u")
        self.assertEqual((u["different"], u["elements"]), (140000, 140000))
        self.assertEqual(u["largest_absolute"], 10)
        self.assertAlmostEqual(u["largest_relative"], 10 / 15)
        self.assertEqual(u["first"], {"index": [0, 0], "member": "", "a": "15", "b": "5"})
        self.assertTrue(all(each["equal"] for each in found["objects"] if each is not u))

    def test_diff_takes_what_is_within_the_tolerance(self):
        with h5py.File(self.file, "r+") as f:
            f["fields/u"][3, 4] *= 1 + 1e-9
            f["waves"][2] += 1e-6j
            f["ids"][5] -= np.uint64(2)
        other = path_of(30)
        for options, different in (
                ((), ["fields/u", "ids", "waves"]), (("--rel", "1e-8"), ["waves"]),
                (("--abs", "2"), []), (("--abs", "1.5"), ["ids"]),
                (("--abs", "1e-5"), ["ids"]), (("--abs", "1e-7"), ["fields/u", "ids", "waves"])):
            status = 1 if different else 0
            found = self.json("diff", "--unchecked", "--nan-equal", *options, self.file, other,
                              status=status)
            self.assertEqual([each["name"] for each in found["objects"] if not each["equal"]],
                             different, options)
            objects = {each["name"]: each for each in found["objects"]}
            self.assertEqual(objects["ids"]["largest_absolute"], 2) # exact above 2**53
            self.assertEqual(objects["fields/u"]["different"], int("fields/u" in different))

    def test_diff_gives_the_index_as_the_array_has_it(self):
        with h5py.File(self.file, "r+") as f:
            f["left"][3, 1] += 5 # a Fortran array (3, 4): element (1, 3)
            f["fields/cube"][2, 1, 4] -= 3
            f["fields/u"][150, 1] = np.nan
        found = self.json("diff", "--unchecked", "--nan-equal", path_of(30), self.file, status=1)
        objects = {each["name"]: each for each in found["objects"]}
        self.assertEqual(objects["left"]["first"],
                         {"index": [1, 3], "member": "", "a": "13", "b": "18"})
        self.assertEqual(objects["fields/cube"]["first"]["index"], [2, 1, 4])
        self.assertEqual(objects["fields/u"]["first"]["index"], [150, 1])
        self.assertEqual(objects["fields/u"]["first"]["b"], "nan")
        self.assertEqual(objects["fields/u"]["largest_absolute"], 0)

    def test_diff_of_infinities(self):
        with h5py.File(self.file, "r+") as f:
            f["odd"][0] = np.inf
        found = self.json("diff", "--unchecked", "--nan-equal", "--abs", "1e300", self.file,
                          path_of(30), status=1)
        odd = next(each for each in found["objects"] if each["name"] == "odd")
        self.assertEqual((odd["different"], odd["largest_absolute"]), (1, "inf"))

    def test_diff_looks_at_members_not_at_padding(self):
        at = self.offset_of("swarm")
        self.flip(at + 17) # padding of the first
        self.tool("diff", "--unchecked", "--nan-equal", self.file, path_of(30))
        self.flip(at + 32 + 12) # the second's v[1]
        self.flip(at + 64 + 24) # the third's tag
        found = self.json("diff", "--unchecked", "--nan-equal", self.file, path_of(30), status=1)
        swarm = next(each for each in found["objects"] if each["name"] == "swarm")
        self.assertEqual(swarm["different"], 2)
        self.assertEqual((swarm["first"]["index"], swarm["first"]["member"]), ([1], "v"))

    def test_diff_names_objects_of_one_side_and_unlike_ones(self):
        subprocess.run([maker, "unlike", "work/less"], check=True)
        found = self.json("diff", self.file, path_of(10, "work/less"), status=1)
        self.assertIn("fields/u", found["only_a"])
        self.assertEqual(found["only_b"], ["extra"])
        unlike = {each["name"]: each["unlike"] for each in found["objects"] if "unlike" in each}
        self.assertEqual(unlike, {"odd": "shape is 6, and 7", "ids": "type is uint64, and int64",
                                  "left": "order is Fortran, and C"})
        text = self.tool("diff", self.file, path_of(10, "work/less"), status=1)
        self.assertIn(f"extra: only in {path_of(10, 'work/less')}\n", text)

    def test_diff_of_what_is_no_file_is_trouble(self):
        self.tool("diff", self.file, "none.h5", status=2)

    def test_damaged_values_are_trouble(self):
        with h5py.File(self.file, "r") as f:
            at = f["fields/u"].id.get_offset() + 3 * 262144
        self.flip(at)
        block = r"fields/u, block 3 \(bytes 786432 to 1048575\)"
        for arguments in (("diff", self.file, path_of(30)), ("diff", path_of(30), self.file),
                          ("stat", self.file),
                          ("extract", self.file, "fields/u", "-o", "work/u.npy")):
            self.tool(*arguments, status=2)
            self.assertRegex(self.errors, f"shmwin: checkpoint is damaged .{self.file}: {block}")
            self.assertFalse(os.path.exists("work/u.npy"))
        # What is in other blocks is right; and one may take what is there.
        self.tool("extract", self.file, "fields/u", "--rows=199:", "-o", "work/u.npy")
        self.tool("extract", self.file, "fields/u", "--unchecked", "-o", "work/u.npy")
        self.tool("stat", "--unchecked", self.file)
        self.assertIn("1 of 140000 elements differ",
                      self.tool("diff", "--unchecked", self.file, path_of(30), status=1))

    # --- stat

    def test_stat_is_what_numpy_says(self):
        found = {each["name"]: each for each in self.json("stat", self.file)["numbers"]}
        with h5py.File(self.file, "r") as f:
            columns = {"fields/u": f["fields/u"][()], "fields/cube": f["fields/cube"][()],
                       "left": f["left"][()], "waves.r": f["waves"][()].real,
                       "waves.i": f["waves"][()].imag, "swarm.x": f["swarm"]["x"],
                       "swarm.v": f["swarm"]["v"], "swarm.id": f["swarm"]["id"],
                       "flags": f["flags"][()].astype(int), "count": f["count"][()]}
        for name, values in columns.items():
            each = found[name]
            self.assertEqual((each["min"], each["max"], each["count"]),
                             (values.min(), values.max(), values.size), name)
            self.assertAlmostEqual(each["mean"], values.mean(), msg=name)
        odd = found["odd"]
        self.assertEqual((odd["min"], odd["max"], odd["mean"], odd["nan"], odd["infinite"]),
                         (-3, 1, -1, 2, 2))
        self.assertEqual((found["ids"]["min"], found["ids"]["max"]), (2**64 - 6, 2**64 - 1))
        self.assertEqual((found["none"]["count"], found["none"]["min"]), (0, None))
        self.assertNotIn("swarm.tag", found)
        self.assertIn("18446744073709551615", self.tool("stat", self.file))

    # --- extract

    def test_npy_is_what_h5py_reads(self):
        with h5py.File(self.file, "r") as f:
            names = [name.decode() for name in f[".shmwin/objects"][()]]
            for name in names:
                self.tool("extract", self.file, name, "-o", "work/out.npy")
                found, wanted = np.load("work/out.npy"), f[name][()]
                self.assertEqual(found.dtype, np.asarray(wanted).dtype, name)
                self.assertEqual(found.shape, np.asarray(wanted).shape, name)
                for member in found.dtype.names or [...]: # what is between members may differ
                    np.testing.assert_array_equal(found[member], wanted[member], name)
                with open("work/out.npy", "rb") as out:
                    self.assertEqual(np.lib.format.read_magic(out), (1, 0))

    def test_rows_are_those_of_python(self):
        with h5py.File(self.file, "r") as f:
            u, cube = f["fields/u"][()], f["fields/cube"][()]
        for name, all_of in (("fields/u", u), ("fields/cube", cube)):
            for rows in ("1:3", ":2", "1:", "-2:", ":-1", "2:1", "0:10000", ":"):
                self.tool("extract", self.file, name, f"--rows={rows}", "-o", "work/out.npy")
                first, last = (int(n) if n else None for n in rows.split(":"))
                np.testing.assert_array_equal(np.load("work/out.npy"), all_of[first:last])
        for rows in ("1", "a:b", "1:2:3", "1.5:"):
            self.tool("extract", self.file, "odd", "--rows", rows, "-o", "work/o.npy", status=2)
        self.assertFalse(os.path.exists("work/o.npy"))

    def test_bytes_and_csv(self):
        with h5py.File(self.file, "r") as f:
            u, left, swarm = f["fields/u"][()], f["left"][()], f["swarm"][()]
        self.tool("extract", self.file, "/fields/u", "-o", "work/u.bin")
        np.testing.assert_array_equal(np.fromfile("work/u.bin").reshape(200, 700), u)
        self.tool("extract", self.file, "fields/u", "-o", "work/u.csv")
        np.testing.assert_array_equal(np.loadtxt("work/u.csv", delimiter=","), u)
        self.tool("extract", self.file, "left", "-o", "work/left.csv")
        np.testing.assert_array_equal(np.loadtxt("work/left.csv", delimiter=",", dtype=int), left)
        self.tool("extract", self.file, "waves", "-o", "work/waves.csv")
        np.testing.assert_array_equal(np.loadtxt("work/waves.csv", dtype=complex),
                                      np.arange(6) - 1j)
        self.tool("extract", self.file, "swarm", "-o", "work/swarm.csv")
        with open("work/swarm.csv", newline="") as f:
            lines = list(csv.DictReader(f))
        self.assertEqual(list(lines[0]), ["x", "v[0]", "v[1]", "alive", "id", "tag"])
        self.assertEqual([int(line["id"]) for line in lines], swarm["id"].tolist())
        self.assertEqual([line["tag"].encode() for line in lines], swarm["tag"].tolist())
        self.tool("extract", self.file, "fields/cube", "-o", "work/cube.csv", status=2)
        self.assertIn("2 dimensions", self.errors)
        self.assertFalse(os.path.exists("work/cube.csv"))

    def test_extract_from_chunks(self):
        self.repack("work/packed.h5", "-l", "fields/u:CHUNK=33x70", "-f", "fields/u:GZIP=1")
        self.tool("extract", "work/packed.h5", "fields/u", "--rows", "30:100", "-o", "work/u.npy")
        with h5py.File(self.file, "r") as f:
            np.testing.assert_array_equal(np.load("work/u.npy"), f["fields/u"][30:100])

    def test_extract_says_what_is_wrong(self):
        for arguments, text in ((("nothing", "-o", "work/x.npy"), "no such object"),
                                (("odd", "-o", "work/x.txt"), "format is not known"),
                                (("odd", "-o", "nowhere/x.npy"), "cannot be written")):
            self.tool("extract", self.file, *arguments, status=2)
            self.assertIn(text, self.errors)
        self.tool("extract", self.file, "odd", "-o", "/dev/full/x.bin", status=2)

    # --- prune

    def test_prune_keeps_the_newest(self):
        self.tool("prune", "work/state", "--keep", "1", "--dry-run")
        self.assertEqual(len(os.listdir("work")), 3)
        found = self.json("prune", "work/state", "--keep", "1")["checkpoints"]
        self.assertEqual([each["kept"] for each in found], [False, False, True])
        self.assertEqual(os.listdir("work"), [os.path.basename(self.file)])

    def test_prune_keeps_multiples_and_what_a_restart_needs(self):
        self.flip(8) # of the superblock: it is damaged
        self.tool("prune", "work/state", "--keep", "1", "--keep-every", "20")
        left = sorted(os.listdir("work"))
        self.assertEqual(left, [os.path.basename(path_of(step)) for step in (20, 30)])
        shutil.rmtree("work")
        shutil.copytree("run", "work")
        self.flip(8)
        self.tool("prune", "work/state", "--keep", "1") # 20 is the newest that is whole
        self.assertEqual(sorted(os.listdir("work")), left)

    def test_prune_refuses_while_a_job_has_the_store_open(self):
        job = subprocess.Popen([maker, "hold", "work/state"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual(job.stdout.readline(), "holds\n")
            self.tool("prune", "work/state", "--keep", "1", status=2)
            self.assertIn("in use", self.errors)
            self.assertEqual(len([n for n in os.listdir("work") if n.endswith(".h5")]), 3)
        finally:
            job.communicate()
        self.assertEqual(job.returncode, 0)
        self.tool("prune", "work/state", "--keep", "1")

    def test_pinned_ones_stay(self):
        first, second = path_of(10, "work/state"), path_of(20, "work/state")
        self.tool("pin", first, second)
        self.tool("unpin", second)
        found = self.json("ls", "work")["checkpoints"]
        self.assertEqual([each["pinned"] for each in found], [True, False, False])
        self.assertIn("whole, pinned", self.tool("ls", first))
        found = self.json("prune", "work/state", "--keep", "1")["checkpoints"]
        self.assertEqual([each["why"] for each in found], ["pinned", "", "among the newest"])
        self.assertTrue(os.path.exists(first) and not os.path.exists(second))
        for name in (second, "work/other.h5", "work"):
            self.tool("pin", name, status=2)
            self.assertIn("no such checkpoint", self.errors)

    def test_prune_wants_one_store(self):
        for where in ("work", self.file):
            self.tool("prune", where, "--keep", "1", status=2)

    # --- in a shell


    def test_bash_completes(self):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                              "../../src/cli/shmwin.bash")

        def complete(*words):
            line = f'''source {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shmwin
                printf '%s\\n' "${{COMPREPLY[@]}}"'''
            return run("bash", "-c", line, "bash", shmwin, *words).stdout.split()

        self.assertEqual([each for each in complete("") if not each.startswith("-")], COMMANDS)
        self.assertEqual(complete("ver"), ["verify"])
        self.assertEqual(complete("--v"), ["--version"])
        self.assertEqual(complete("diff", "--n"), ["--nan-equal"])
        self.assertEqual(complete("stat", "--u"), ["--unchecked"])
        self.assertEqual(set(complete("verify", "--")), {"--help", "--jobs", "--json"})
        self.assertEqual(complete("info", "work/state-000000000030"), [self.file])
        self.assertEqual(complete("extract", self.file, "fields/"), ["fields/cube", "fields/u"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
