import CKist

/// Sizes and counters of a profile.
public struct Statistics: Sendable {
    /// Bytes a page.
    public let pageSize: Int
    /// Length of the data file, in pages.
    public let filePages: UInt64
    /// Pages that the next commit may take.
    public let freePages: UInt64
    /// Freed pages that a snapshot may still need.
    public let pendingPages: UInt64
    /// Newest committed transaction.
    public let transactionID: UInt64
    /// Newest transaction known to be on the device.
    public let durableID: UInt64
    /// Oldest snapshot that a reader holds, or `transactionID`.
    public let oldestPinned: UInt64
    /// Number of stores.
    public let stores: UInt64
    /// Flushes by this process since it opened the profile.
    public let flushes: UInt64
    /// Bytes written by this process since it opened the profile.
    public let bytesWritten: UInt64
}

/// What a check has found.
public struct CheckReport: Sendable {
    /// Number of broken invariants; 0 when the profile is sound.
    public let violations: UInt64
    /// Pages that were read.
    public let pagesWalked: UInt64
    /// Records that were seen.
    public let records: UInt64
    /// One line for each violation: where it is, what was found and expected.
    public let text: String
}

extension Profile {
    /// Sizes and counters as of now.
    public func statistics() throws(KistError) -> Statistics {
        var stats = kist_stats()
        stats.struct_size = UInt32(MemoryLayout<kist_stats>.size)
        try perform(keeping: self) { kist_profile_stats(handle, &stats, $0) }
        return Statistics(
            pageSize: Int(stats.page_size), filePages: stats.file_pages, freePages: stats.free_pages,
            pendingPages: stats.pending_pages, transactionID: stats.transaction_id, durableID: stats.durable_id,
            oldestPinned: stats.oldest_pinned, stores: stats.stores, flushes: stats.flushes,
            bytesWritten: stats.bytes_written)
    }

    /// Reads the whole profile and reports every broken invariant. Damage is a part of the report, not an error.
    public func check() throws(KistError) -> CheckReport {
        var report = kist_check_report()
        defer { kist_check_report_free(&report) }
        try perform(keeping: self) { kist_profile_check(handle, &report, $0) }
        return CheckReport(
            violations: report.violations, pagesWalked: report.pages_walked, records: report.records,
            text: text(report.text, report.text_size))
    }
}
