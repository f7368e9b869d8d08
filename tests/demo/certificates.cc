#include <cstdio>
#include <ctime>
#include <memory>

#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tests/demo/digest.h"
#include "tests/demo/sources.h"

namespace kist::demo {

namespace {

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using File = std::unique_ptr<std::FILE, Freed<std::fclose>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

/// The bytes between the marks of a PEM file.
Result<std::vector<std::uint8_t>> read_pem(const std::filesystem::path& path) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return fail(ErrorCode::kIo, path.string() + " cannot be read");
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read(file.get(), &name, &header, &data, &size) != 1) {
    return fail(ErrorCode::kBadValue, path.string() + " holds no PEM certificate");
  }
  std::vector<std::uint8_t> der(data, data + size);
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return der;
}

/// The subject as RFC 2253 writes it, in UTF-8.
std::string subject(const X509& certificate) {
  const Bio text(BIO_new(BIO_s_mem()));
  constexpr unsigned long kUtf8 =
      XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  X509_NAME_print_ex(text.get(), X509_get_subject_name(&certificate), 0, kUtf8);
  char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string rfc3339(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  std::string text(32, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
  return text;
}

}  // namespace

Result<Dataset> read_certificates(const std::filesystem::path& directory) {
  Dataset dataset;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() != ".crt") continue;
    KIST_ASSIGN(std::vector<std::uint8_t> der, read_pem(entry.path()));
    std::string key = sha256(der);
    dataset.emplace(std::move(key), Value::blob(std::move(der)));
  }
  if (error) return fail(ErrorCode::kIo, directory.string() + ": " + error.message());
  return dataset;
}

Result<Dataset> describe_certificates(const Dataset& certificates) {
  Dataset dataset;
  for (const auto& [fingerprint, value] : certificates) {
    KIST_ASSIGN(const BlobView blob, value.as<BlobView>());
    const unsigned char* data = blob.bytes.data();
    const Certificate certificate(d2i_X509(nullptr, &data, static_cast<long>(blob.bytes.size())));
    if (!certificate) return fail(ErrorCode::kBadValue, fingerprint + " is no X.509 certificate");
    const nlohmann::ordered_json description = {
        {"subject", subject(*certificate)},
        {"not_before", rfc3339(X509_get0_notBefore(certificate.get()))},
        {"not_after", rfc3339(X509_get0_notAfter(certificate.get()))},
        {"fingerprint", fingerprint},
    };
    dataset.emplace(fingerprint, Value::json(description.dump()));
  }
  return dataset;
}

}  // namespace kist::demo
