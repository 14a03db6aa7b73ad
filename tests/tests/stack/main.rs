//! Every service in processes of its own, two of each, on real servers: what a company runs.

mod stories;
