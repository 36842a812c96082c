# SPDX-License-Identifier: MIT
"""netCDF4 and xarray read a checkpoint. They name its dimensions phony_dim_<n>, since files have no
dimension scales; what netCDF has no type for (bool, bytes, enumerations, complex numbers,
structures) they leave out. Of long double netCDF4 1.6 takes the bytes for those of something
shorter and writes beyond its end: it must not be asked for, and xarray be told to drop it.

usage: io_netcdf.py PROGRAM [LAUNCHER...]
PROGRAM is io_program; it is started as LAUNCHER... PROGRAM known PATH, in this folder.
"""
import os
import shutil
import subprocess
import sys
import unittest

try:
    import h5py
    import netCDF4
    import numpy as np
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

program, launcher = os.path.abspath(sys.argv[1]), sys.argv[2:]
FILE = "netcdf/state-000000000002.h5"
GROUP = "known"
NO_NETCDF_TYPE = {"bool", "byte", "complex64", "complex128"}


def values_by_h5py():
    """What netCDF has, too."""
    with h5py.File(FILE, "r") as f:
        for name, data in f[GROUP].items():
            if name not in NO_NETCDF_TYPE and data.dtype.itemsize <= 8:
                yield name, data[()]


def long_doubles():
    with h5py.File(FILE, "r") as f:
        return [name for name, data in f[GROUP].items() if data.dtype.itemsize > 8]


class NetCDF(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree("netcdf", ignore_errors=True)
        os.mkdir("netcdf")
        subprocess.run([*launcher, program, "known", "netcdf/state"], check=True)

    def test_netcdf4_reads_the_same_values(self):
        with netCDF4.Dataset(FILE) as f:
            f.set_auto_maskandscale(False)
            self.assertEqual((f.step, f.time), (2, 0.75))
            group = f[GROUP]
            for name, wanted in values_by_h5py():
                found = group[name][...]
                self.assertEqual(found.dtype, wanted.dtype, name)
                np.testing.assert_array_equal(found, wanted, name)
                self.assertTrue(all(each.startswith("phony_dim_")
                                    for each in group[name].dimensions), name)
            self.assertFalse(NO_NETCDF_TYPE & set(group.variables))
            self.assertGreater(len(group.variables), 20)

    def test_xarray_opens_groups(self):
        try:
            import xarray
        except ImportError as missing:
            self.skipTest(str(missing))
        with xarray.open_dataset(FILE, engine="netcdf4") as root:
            self.assertEqual(root.attrs["step"], 2)
        with xarray.open_dataset(FILE, engine="netcdf4", group=GROUP, decode_cf=False,
                                 drop_variables=long_doubles()) as group:
            self.assertEqual(group["right"].shape, (2, 3))
            for name, each in values_by_h5py():
                np.testing.assert_array_equal(group[name].values, each, name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
