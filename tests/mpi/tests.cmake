# SPDX-License-Identifier: MIT
# Tests of mpi/ that are run in other ways than the rest of the folder.

shmwin_add_test(mpi/finalize OWN_MAIN RANKS 1 2 3 4)

# Transports that move a large message only while both sides are inside MPI. Other MPIs than Open
# MPI ignore the variables.
shmwin_add_test(mpi/progress RANKS 1 2 3 4)
shmwin_add_test(mpi/progress REUSE tcp RANKS 2 4 TIMEOUT 90
  PROPERTIES ENVIRONMENT_MODIFICATION OMPI_MCA_btl=set:tcp,self)
shmwin_add_test(mpi/progress REUSE no_single_copy RANKS 2 4 TIMEOUT 90
  PROPERTIES ENVIRONMENT_MODIFICATION OMPI_MCA_btl_vader_single_copy_mechanism=set:none)
