// The same as predict.c in Rust: rustc predict.rs -L FOLDER -l static=numerals (and -l gomp, if the library has threads).
use std::ffi::{c_char, c_int, c_void, CStr};
use std::io::Read;

#[repr(C)]
struct Model([u64; 32]);

extern "C" {
    fn numerals_model_open(model: *mut Model, abi: u32, packed: *const c_void, bytes: usize) -> c_int;
    fn numerals_workspace_size(model: *const Model, options: *const c_void) -> usize;
    fn numerals_init(model: *const Model, options: *const c_void, workspace: *mut c_void, bytes: usize, context: *mut *mut c_void) -> c_int;
    fn numerals_class_name(model: *const Model, i: i64) -> *const c_char;
    fn numerals_predict_u8(context: *mut c_void, pixels: *const u8, width: i64, height: i64, stride: i64, format: c_int, probabilities: *mut f32) -> c_int;
}

#[repr(C, align(64))]
#[derive(Clone)]
struct Line([u8; 64]);

fn main() {
    let mut model = Model([0; 32]);
    let mut context = std::ptr::null_mut();
    let (mut pixels, mut probabilities) = ([0u8; 28 * 28], [0f32; 10]);
    assert_eq!(unsafe { numerals_model_open(&mut model, 1, std::ptr::null(), 0) }, 0);
    let bytes = unsafe { numerals_workspace_size(&model, std::ptr::null()) };
    let mut workspace = vec![Line([0; 64]); bytes.div_ceil(64)];
    assert_eq!(unsafe { numerals_init(&model, std::ptr::null(), workspace.as_mut_ptr().cast(), bytes, &mut context) }, 0);
    while std::io::stdin().read_exact(&mut pixels).is_ok() {
        assert_eq!(unsafe { numerals_predict_u8(context, pixels.as_ptr(), 28, 28, 28, 0, probabilities.as_mut_ptr()) }, 0);
        let best = (0..10).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b])).unwrap();
        let name = unsafe { CStr::from_ptr(numerals_class_name(&model, best as i64)) };
        println!("{} {:.6}", name.to_str().unwrap(), probabilities[best]);
    }
}
