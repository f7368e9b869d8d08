#pragma once

#include <string>
#include <vector>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>
#include <kist/engine/grant.h>
#include <kist/store.h>
#include <kist/transaction.h>

/// Profiles for processes that may open nothing: sandboxes. A process that has the profile open,
/// the broker, grants them snapshots, and does their writes; kvstore/docs/sandbox.md has the whole
/// of it.
namespace kist {

using engine::Grant;

/// The broker: grants the newest snapshot of a profile, to be passed to other processes as two
/// descriptors, Grant::data() and Grant::control(). It shows them all stores. The Grant keeps the
/// file open, also after a close of the profile, until it goes. Errors: those of Grant::make().
Result<Grant> make_grant(const Profile& profile);

/// The sandbox: opens what it was granted, for reading. Takes over both descriptors, also when it
/// fails. Each call is a user of an environment of its own. Transactions begin on the newest
/// snapshot that is granted at that moment; reading one that was taken away is kSnapshotGone, and
/// so is beginning one once nothing is granted any more. Borrowed values (Reader::get(), Iterator)
/// of a snapshot that is taken away while they are used change under their user; a call of its
/// Reader tells. Errors: those of engine::Granted::open().
Result<Profile> open_granted(int data, int control);

/// The sandbox: a batch as bytes, for the broker to apply. Names stores, and holds keys and values
/// as they stand in the file.
std::string to_bytes(const Batch& batch);

/// The broker: the batch that such bytes describe, whoever made them; of stores that exist in
/// `profile` and are what the bytes say. Every key and value is checked as if it had been put here.
/// Errors: kInvalidArgument (not of that form), kTableNotFound, kWrongKind, and those of keys and
/// values.
Result<Batch> batch_from_bytes(const Profile& profile, engine::Bytes bytes);

/// Names of the stores that a batch changes, each once, in byte order: what a broker looks at to
/// decide whether a sandbox may do that.
std::vector<std::string> stores_of(const Batch& batch);

}  // namespace kist
