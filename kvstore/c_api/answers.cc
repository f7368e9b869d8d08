#include "kvstore/c_api/answers.h"

#include <cstdlib>
#include <memory>

#include "kvstore/c_api/errors.h"

namespace kist::c_api {
namespace {

/// What kist_names.memory points to.
struct NameList {
  Arena arena;
  std::vector<kist_bytes> items;
};

}  // namespace

kist_buffer copied(std::string_view text) {
  return {reinterpret_cast<std::uint8_t*>(copy_text(text)), text.size()};
}

kist_names copied(const std::vector<std::string>& names) {
  auto list = std::make_unique<NameList>();
  list->items.reserve(names.size());
  for (const std::string& name : names) list->items.push_back(bytes_of(list->arena.copy(name)));
  kist_names given{list->items.data(), list->items.size(), nullptr};
  given.memory = list.release();
  return given;
}

void give(const engine::CheckReport& found, kist_check_report* report) {
  std::string text;
  for (const engine::Violation& violation : found.violations) {
    text += violation.where + ": " + violation.what + "\n";
  }
  text = printable(text);
  report->text = copy_text(text);
  report->text_size = text.size();
  report->violations = found.violations.size();
  report->pages_walked = found.pages_walked;
  report->records = found.records;
}

}  // namespace kist::c_api

void kist_buffer_free(kist_buffer* buffer) noexcept {
  if (buffer == nullptr) return;
  std::free(buffer->data);
  *buffer = {};
}

void kist_names_free(kist_names* names) noexcept {
  if (names == nullptr) return;
  delete static_cast<kist::c_api::NameList*>(names->memory);
  *names = {};
}

void kist_check_report_free(kist_check_report* report) noexcept {
  if (report == nullptr) return;
  std::free(report->text);
  *report = {};
}
