"""A class examined on other machines, by the workers of a Dask cluster.

Between the machines go bytes: the exam once for each worker, submissions as they lie in `submitted/`, results
as plain data that are checked field by field. The walls stand on the worker, and one process records. Dask
itself uses pickle for its own messages: whoever can connect to its scheduler can run code on every machine of
the cluster and on this one. Therefore TLS is demanded, and students' code has no network.
"""
