//! The concurrency tools of Python, each as a topology.
