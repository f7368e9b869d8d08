#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <kist/engine/database.h>
#include <kist/engine/watch.h>
#include <kist/observer.h>

#include "kvstore/store/records.h"

namespace kist::observe {

/// A snapshot that observers were told of last. While nobody compares it is parked: writers may
/// take it away when it holds back more than they are told to bear.
struct Base {
  engine::SnapshotMark mark;
  std::optional<engine::ReadTxn> txn = {};  // nothing: it is remembered, or was taken away
  bool parked = false;

  /// Lets writers take it away; fails in silence where others share it.
  void park();
  /// Makes it readable, if it is still there.
  void unpark();
};

/// What one Observer refers to. It holds no handle of its profile, which would never close then.
struct Observed {
  const void* user = nullptr;  // only compared: whose it is
  engine::Table table;
  bool multi = false;
  KeyType keys = KeyType::kBytes;
  records::Bounds bounds = {};
  std::optional<std::string> key = {};  // of one key: as it stands in the file
  std::size_t max_bytes = 0;

  // Guarded by the watcher's mutex; the callback is called without.
  ObserverCallback callback = {};
  std::shared_ptr<Base> base = {};
  engine::SnapshotMark seen = {};
  std::optional<Error> ending = {};  // kEnded is to be delivered
  bool gone = false;                 // nothing is delivered any more
};

/// How `after` differs from `base`, which is readable or gone, in what is observed; kEnded when
/// that cannot be read.
Delivery compare(const Observed& observed, const Base& base, const Base& after);

}  // namespace kist::observe
