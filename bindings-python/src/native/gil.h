#pragma once

#include <chrono>
#include <thread>

#include <pybind11/pybind11.h>
#ifdef __GLIBCXX__
#include <cxxabi.h>
#endif

namespace kist::python {

/// Takes the GIL back. While the interpreter ends, Python before 3.14 answers in other threads than
/// its own with pthread_exit(), which would unwind through C++ that needs the GIL to clean up; such
/// a thread is put to sleep instead until the process is gone, as Python 3.14 does.
inline void take_gil(PyThreadState* state) {
#ifdef __GLIBCXX__
  try {
    PyEval_RestoreThread(state);
  } catch (abi::__forced_unwind&) {
    while (true) std::this_thread::sleep_for(std::chrono::hours(1));
  }
#else
  PyEval_RestoreThread(state);
#endif
}

/// Runs `work`, which touches nothing of Python, without the GIL, and returns its result.
template <typename Work>
auto without_gil(Work work) {
  PyThreadState* const state = PyEval_SaveThread();
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
      work();
      take_gil(state);
    } else {
      auto result = work();
      take_gil(state);
      return result;
    }
  } catch (...) {
    take_gil(state);
    throw;
  }
}

/// Runs `work`, which must not throw, with the GIL, on whatever thread. Does nothing when there is
/// no interpreter any more; while it ends, the thread sleeps as in take_gil().
template <typename Work>
void with_gil(Work work) {
  if (Py_IsInitialized() == 0) return;
#ifdef __GLIBCXX__
  try {
#endif
    const PyGILState_STATE state = PyGILState_Ensure();
    work();
    PyGILState_Release(state);
#ifdef __GLIBCXX__
  } catch (abi::__forced_unwind&) {
    while (true) std::this_thread::sleep_for(std::chrono::hours(1));
  }
#endif
}

}  // namespace kist::python
