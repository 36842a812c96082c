# SPDX-License-Identifier: MIT
"""VTK, as ParaView uses it, reads what `shmwin xdmf` writes.

usage: xdmf_test.py SHMWIN MAKE_CHECKPOINTS     (in a folder of its own)
"""
import os
import shutil
import subprocess
import sys
import unittest
import xml.etree.ElementTree as xml

try:
    import h5py
    import numpy as np
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline
    from vtkmodules.vtkIOXdmf2 import vtkXdmfReader
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

shmwin, maker = (os.path.abspath(path) for path in sys.argv[1:3])
STEPS = (10, 20, 30)
ARRAYS = {"fields/u", "fields/cube", "left", "bytes", "shorts", "words"}


def path_of(step):
    return f"run/state-{step:012d}.h5"


def xdmf(*arguments):
    return subprocess.run([shmwin, "xdmf", *arguments], capture_output=True, text=True)


def leaves(data):
    """All grids, however they are nested."""
    if data.IsA("vtkMultiBlockDataSet"):
        for i in range(data.GetNumberOfBlocks()):
            yield from leaves(data.GetBlock(i))
    else:
        yield data


class Xdmf(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree("run", ignore_errors=True)
        subprocess.run([maker, "run/state"], check=True)

    def read(self, file, time=None):
        """All values by name, in the shape of the data set; and all times."""
        reader = vtkXdmfReader()
        reader.SetFileName(file)
        reader.UpdateInformation()
        pipeline = vtkStreamingDemandDrivenPipeline
        times = reader.GetOutputInformation(0).Get(pipeline.TIME_STEPS())
        if time is None:
            reader.Update()
        else:
            reader.UpdateTimeStep(time)
        found = {}
        for grid in leaves(reader.GetOutputDataObject(0)):
            # x is the fastest, and the last of the data set.
            shape = [n for n in reversed(grid.GetDimensions())]
            values = grid.GetPointData()
            for i in range(values.GetNumberOfArrays()):
                each = vtk_to_numpy(values.GetArray(i))
                found[values.GetArrayName(i)] = each.reshape([n for n in shape if n > 1])
        return found, times

    def check(self, found, step):
        self.assertEqual(set(found), ARRAYS)
        with h5py.File(path_of(step), "r") as f:
            for name, values in found.items():
                np.testing.assert_array_equal(values, f[name][()], name)

    def test_one_checkpoint(self):
        done = xdmf(path_of(10))
        self.assertEqual((done.returncode, done.stdout), (0, "run/state-000000000010.xdmf\n"))
        self.assertIn("skipped odd (not of 2 or 3 dimensions)", done.stderr)
        found, _ = self.read("run/state-000000000010.xdmf")
        self.check(found, 10)

    def test_dimensions_are_those_of_the_data_sets(self):
        self.assertEqual(xdmf(path_of(10)).returncode, 0)
        with h5py.File(path_of(10), "r") as f:
            for item in xml.parse("run/state-000000000010.xdmf").iter("DataItem"):
                if item.get("Format") == "HDF":
                    data = f[item.text.split(":")[1]]
                    self.assertEqual(item.get("Dimensions").split(), [str(n) for n in data.shape])
                    self.assertEqual(int(item.get("Precision")), data.dtype.itemsize)

    def test_a_store_is_a_series_in_time(self):
        self.assertEqual(xdmf("run/state").returncode, 0)
        _, times = self.read("run/state.xdmf")
        self.assertEqual(list(times), [0.25 * step for step in STEPS])
        for step in STEPS:
            found, _ = self.read("run/state.xdmf", 0.25 * step)
            self.check(found, step)

    def test_paths_are_relative_to_the_output(self):
        shutil.rmtree("else", ignore_errors=True)
        os.makedirs("else/where")
        self.assertEqual(xdmf("run/state", "-o", "else/where/all.xdmf").returncode, 0)
        text = open("else/where/all.xdmf").read()
        self.assertIn(">../../run/state-000000000010.h5:/fields/u<", text)
        found, _ = self.read("else/where/all.xdmf", 2.5)
        self.check(found, 10)

    def test_without_times_steps_are_the_time(self):
        shutil.rmtree("still", ignore_errors=True)
        shutil.copytree("run", "still")
        for step in STEPS:
            with h5py.File(f"still/state-{step:012d}.h5", "r+") as f:
                f.attrs["time"] = 0.0
        self.assertEqual(xdmf("still").returncode, 0)
        times = [float(t.get("Value")) for t in xml.parse("still/state.xdmf").iter("Time")]
        self.assertEqual(sorted(set(times)), [10, 20, 30])

    def test_what_holds_no_grid_is_an_error(self):
        subprocess.run([maker, "hollow", "run/hollow"], check=True)
        done = xdmf("run/hollow")
        os.remove("run/hollow-000000000010.h5")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("nothing to show", done.stderr)
        self.assertFalse(os.path.exists("run/hollow.xdmf"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
