#include "kvstore/c_api/object.h"

#include <utility>

#include <kist/engine/fork.h>

#include "kvstore/c_api/handle_table.h"

namespace kist::c_api {

Object::Object(Kind kind, std::shared_ptr<Object> owner)
    : kind_(kind), forks_(engine::fork_count()), owner_(std::move(owner)) {}

Object::~Object() {
  if (owner_ == nullptr) return;
  const std::lock_guard lock(owner_->children_mutex_);
  if (link_ != nullptr) owner_->unlink_child(*this);
}

bool Object::adopt(Object& child, std::uint64_t child_handle) {
  const std::lock_guard lock(children_mutex_);
  if (closing_) return false;
  child.handle_ = child_handle;
  child.next_ = first_child_;
  child.link_ = &first_child_;
  if (child.next_ != nullptr) child.next_->link_ = &child.next_;
  first_child_ = &child;
  return true;
}

void Object::unlink_child(Object& child) {
  *child.link_ = child.next_;
  if (child.next_ != nullptr) child.next_->link_ = child.link_;
  child.next_ = nullptr;
  child.link_ = nullptr;
}

void Object::close_children() {
  while (true) {
    std::uint64_t handle = 0;
    Kind kind{};
    {
      const std::lock_guard lock(children_mutex_);
      closing_ = true;
      if (first_child_ == nullptr) return;
      handle = first_child_->handle_;
      kind = first_child_->kind_;
      unlink_child(*first_child_);
    }
    // Fails when another thread closes the child at this moment, which is as good.
    const auto pin = HandleTable::instance().close(handle, kind);
    if (pin) (*pin).object()->close_children();
  }
}

}  // namespace kist::c_api
