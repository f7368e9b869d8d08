import CKist

/// What every failing call of Kist throws: a stable code, and a message for people.
///
/// An absent key is not an error. Bad input of any kind, a closed profile or a damaged file is always an
/// error that is thrown, never a trap.
public struct KistError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, the same in every language.
    public let code: ErrorCode
    /// Names the file, store or key concerned, what was found and what was expected.
    public let message: String

    /// Makes an error, for instance to leave a transaction with one's own message.
    public init(_ code: ErrorCode, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The code's name and the message.
    public var description: String { "\(code): \(message)" }
}

extension KistError {
    /// Takes over the message of a failed call, and frees it.
    init(_ number: kist_code, taking error: inout kist_error) {
        let code = ErrorCode(rawValue: number) ?? .internal
        if let message = error.message {
            self.init(code, text(UnsafeRawPointer(message), error.message_size))
        } else {
            self.init(code, String(cString: kist_code_description(number)))
        }
        kist_error_free(&error)
    }
}

/// Makes one call of the C interface and throws what it reports.
///
/// `owner` is the object whose handle the call uses. It is kept alive until the call has returned: its
/// `deinit` closes the handle, and could otherwise run as soon as the handle has been read.
func perform(
    keeping owner: AnyObject? = nil, _ call: (UnsafeMutablePointer<kist_error>) -> kist_code
) throws(KistError) {
    var error = kist_error()
    let code = withExtendedLifetime(owner) { call(&error) }
    if code != KIST_OK {
        throw KistError(code, taking: &error)
    }
}

/// A string of bytes that the library guarantees to be UTF-8.
func text(_ data: UnsafeRawPointer?, _ size: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: data, count: size), as: UTF8.self)
}
