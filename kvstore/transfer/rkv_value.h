#pragma once

#include <kist/engine/error.h>
#include <kist/value.h>

namespace kist::transfer {

/// The rkv value that `bytes` begin with; what follows it is ignored, as rkv does. Borrowed.
/// Errors: kBadValue.
Result<ValueView> decode_rkv_value(Bytes bytes);

}  // namespace kist::transfer
