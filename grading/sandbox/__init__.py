"""The sandbox of a submission.

On the grader's side: host (fork servers and sessions), bubblewrap (its command line). Inside, copied next to the worker
and self-contained: forkserver, and what it restricts a child with (namespaces, quotas, landlock, seccomp, libc). canary is
code that tries to break out.
"""
