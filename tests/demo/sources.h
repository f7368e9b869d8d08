#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <kist/store.h>

namespace kist::demo {

/// Records in byte order of their keys.
using Dataset = std::map<std::string, Value>;

/// The PEM certificates `*.crt` of a directory: DER as a blob, by the lower-case hexadecimal
/// SHA-256 of it. Errors: kIo, kBadValue.
Result<Dataset> read_certificates(const std::filesystem::path& directory);

/// What is in those certificates, by the same keys: JSON with "subject" (RFC 2253), "not_before",
/// "not_after" (RFC 3339, UTC) and "fingerprint" (the key). Errors: kBadValue.
Result<Dataset> describe_certificates(const Dataset& certificates);

/// The rules of a public suffix list, each with the section it stands in, the string "icann" or
/// "private". Errors: kIo.
Result<Dataset> read_suffixes(const std::filesystem::path& file);

/// The lines `key TAB type TAB text` of a preferences file. Errors: kIo; kBadValue, naming the
/// line.
Result<Dataset> read_preferences(const std::filesystem::path& file);

}  // namespace kist::demo
