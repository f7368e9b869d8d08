/* What the tests use of xxHash: the checksum of the file format. */
#pragma once

#include <xxhash.h>
