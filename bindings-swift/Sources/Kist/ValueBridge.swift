import CKist

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Value {
    /// Calls `body` with the value as the C interface takes it; it is valid during the call only.
    func withCValue(_ body: (UnsafePointer<kist_value>) -> kist_code) -> kist_code {
        func pass(_ value: kist_value) -> kist_code {
            withUnsafePointer(to: value, body)
        }
        func pass(_ tag: Int, _ text: String) -> kist_code {
            text.withKeyBytes { pass(kist_value_of_bytes(kist_tag(tag), $0.baseAddress, $0.count)) }
        }
        return switch self {
        case .bool(let value): pass(kist_value_bool(value))
        case .u64(let value): pass(kist_value_u64(value))
        case .i64(let value): pass(kist_value_i64(value))
        case .f64(let value): pass(kist_value_f64(value))
        case .instant(let value): pass(kist_value_instant(value.milliseconds))
        case .uuid(let value): withUnsafeBytes(of: value.uuid) { pass(kist_value_uuid($0.baseAddress)) }
        case .string(let value): pass(KIST_TAG_STRING, value)
        case .json(let value): pass(KIST_TAG_JSON, value.text)
        case .blob(let value): value.withUnsafeBytes { pass(kist_value_blob($0.baseAddress, $0.count)) }
        }
    }

    /// Copies what the C interface has given.
    init(_ value: kist_value) throws(KistError) {
        switch ValueTag(rawValue: value.tag) {
        case .bool: self = .bool(value.boolean)
        case .u64: self = .u64(value.u64)
        case .i64: self = .i64(value.i64)
        case .f64: self = .f64(value.f64)
        case .instant: self = .instant(Instant(milliseconds: value.instant))
        case .uuid: self = .uuid(UUID(uuid: value.uuid))
        case .string: self = .string(text(value.bytes.data, value.bytes.size))
        case .json: self = .json(JSON(text(value.bytes.data, value.bytes.size)))
        case .blob: self = .blob([UInt8](UnsafeRawBufferPointer(start: value.bytes.data, count: value.bytes.size)))
        case nil: throw KistError(.newerFormat, "a value has type \(value.tag), which this version does not know")
        }
    }
}

/// A call that gets a value. Its parameters: the key, the type wanted, the value found, whether there is one, the error.
typealias GetCall = (
    UnsafeRawBufferPointer, kist_tag, UnsafeMutablePointer<kist_value>, UnsafeMutablePointer<Bool>,
    UnsafeMutablePointer<kist_error>
) -> kist_code

/// Gets a value that the C interface hands over, as the Swift type asked for.
func get<T: Storable>(
    _ key: some KeyConvertible, as type: T.Type, keeping owner: AnyObject, _ call: GetCall
) throws(KistError) -> T? {
    var value = kist_value()
    var found = false
    defer { kist_value_free(&value) }
    try perform(keeping: owner) { error in
        key.withKeyBytes { call($0, T.storedTag?.rawValue ?? kist_tag(KIST_TAG_NONE), &value, &found, error) }
    }
    guard found else { return nil }
    let stored = try Value(value)
    guard let result = T(storedValue: stored) else {
        throw KistError(.badValue, "the \(stored.tag) under the key '\(Key(key))' is no \(T.self)")
    }
    return result
}
